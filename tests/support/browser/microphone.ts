import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resample } from '../../../local/speech/resample.ts';
import { speak, SPEECH_RATE_HZ } from '../../../local/speech/speak.ts';
import { writeWav } from '../../../local/speech/wav.ts';

/** Chromium's fixed rate. */
const MICROPHONE_RATE_HZ = 48_000;

/**
 * Records what a fake microphone will say, once the page opens it: words and pauses (in seconds) in turn.
 *
 * @returns Chromium's flags for a microphone that plays the recording once and is silent afterwards
 */
export async function fakeMicrophone(parts: readonly (string | number)[]): Promise<string[]> {
  const pieces = await Promise.all(
    parts.map(async (part) =>
      typeof part === 'number'
        ? new Int16Array(part * MICROPHONE_RATE_HZ)
        : resample(await speak(part), SPEECH_RATE_HZ, MICROPHONE_RATE_HZ),
    ),
  );
  const recording = new Int16Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    recording.set(piece, at);
    at += piece.length;
  }
  const file = join(mkdtempSync(join(tmpdir(), 'patchbay-microphone-')), 'words.wav');
  writeFileSync(file, writeWav(recording, MICROPHONE_RATE_HZ));
  return [
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    `--use-file-for-fake-audio-capture=${file}%noloop`,
    '--autoplay-policy=no-user-gesture-required',
  ];
}
