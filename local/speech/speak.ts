import { fliteSound, type SpeechVoice } from './flite.ts';
import { resample } from './resample.ts';
import { splitSentences } from './sentences.ts';

export const SPEECH_RATE_HZ = 24_000;

/**
 * Converts text to speech.
 * @param text English text of any length; other than Latin letters are read as spaces
 * @returns mono PCM at 24 kHz; empty if there is nothing to say
 */
export async function speak(text: string, options: { voice?: SpeechVoice } = {}): Promise<Int16Array> {
  const parts: Int16Array[] = [];
  for await (const sentence of speakSentences(text, options)) parts.push(sentence.pcm);
  const whole = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * Converts text to speech by sentence, so that the first sound is ready after about 50 ms.
 * @yields each sentence with its sound; together they are the whole text
 */
export async function* speakSentences(
  text: string,
  { voice = 'slt' }: { voice?: SpeechVoice } = {},
): AsyncGenerator<{ text: string; pcm: Int16Array }> {
  for (const sentence of splitSentences(text)) yield { text: sentence, pcm: synthesize(sentence, voice) };
}

function synthesize(sentence: string, voice: SpeechVoice): Int16Array {
  const sayable = toSayable(sentence);
  if (!/[a-z0-9]/i.test(sayable)) return new Int16Array(0);
  const { pcm, sampleRateHz } = fliteSound(sayable, voice);
  return resample(pcm, sampleRateHz, SPEECH_RATE_HZ);
}

/** Flite reads ASCII: removes accents, and replaces everything else that it can't read with a space. */
function toSayable(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/[^\x20-\x7e]+/g, ' ')
    .replace(/[_{}[\]<>|\\`~^*#]+/g, ' ')
    .trim();
}
