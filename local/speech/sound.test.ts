import { describe, expect, it } from 'vitest';
import { resample } from './resample.ts';
import { splitSentences } from './sentences.ts';
import { trimSilence } from './trim.ts';
import { readWav, writeWav } from './wav.ts';

describe('wav', () => {
  it('reads back what it writes', () => {
    const pcm = Int16Array.from([0, 1, -1, 32767, -32768]);
    expect(readWav(writeWav(pcm, 16_000))).toEqual({ pcm, sampleRateHz: 16_000 });
    expect(readWav(writeWav(pcm)).sampleRateHz).toBe(24_000);
  });

  it('skips unknown chunks', () => {
    const plain = writeWav(Int16Array.from([7, 8]));
    const extra = Buffer.from('LIST\x03\x00\x00\x00abc\x00', 'latin1');
    const file = Buffer.concat([plain.subarray(0, 36), extra, plain.subarray(36)]);
    expect([...readWav(file).pcm]).toEqual([7, 8]);
  });

  it('rejects other files', () => {
    expect(() => readWav(Buffer.from('not a WAV file at all'))).toThrow();
    const stereo = writeWav(new Int16Array(2));
    stereo.writeUInt16LE(2, 22);
    expect(() => readWav(stereo)).toThrow('mono');
  });
});

describe('resample', () => {
  const tone = (hz: number, rate: number) =>
    Int16Array.from({ length: rate }, (_, n) => 10_000 * Math.sin((2 * Math.PI * hz * n) / rate));
  const crossings = (pcm: Int16Array) =>
    pcm.filter((sample, n) => n > 0 && sample >= 0 !== (pcm[n - 1] ?? 0) >= 0).length;

  it.each([
    [16_000, 24_000],
    [24_000, 16_000],
    [22_050, 24_000],
  ])('keeps pitch and length from %d to %d', (from, to) => {
    const out = resample(tone(440, from), from, to);
    expect(Math.abs(out.length - to)).toBeLessThanOrEqual(1);
    expect(Math.abs(crossings(out) - 880)).toBeLessThanOrEqual(3);
  });

  it('returns sound of the same rate, and empty sound, unchanged', () => {
    const pcm = tone(440, 16_000);
    expect(resample(pcm, 16_000, 16_000)).toBe(pcm);
    expect(resample(new Int16Array(0), 16_000, 24_000)).toHaveLength(0);
  });
});

describe('trimming', () => {
  it('removes silence and low noise at both ends, and keeps pauses', () => {
    const [loud, low] = [new Int16Array(1600).fill(5000), new Int16Array(3200).fill(20)];
    const trimmed = trimSilence(Int16Array.from([...low, ...loud, ...low, ...loud, ...low]), 16_000);
    expect(trimmed.length).toBe(1600 + 3200 + 1600 + 2 * 800);
  });

  it('keeps sound that is all silent or has no silence', () => {
    expect(trimSilence(new Int16Array(500), 16_000)).toHaveLength(500);
    expect(trimSilence(new Int16Array(505).fill(9), 16_000)).toHaveLength(505);
  });
});

describe('sentences', () => {
  it('loses no text', () => {
    const text =
      'Hello.  How are you?\nI am 2.5 times as fast, "really!" she said. And on' + ', and on'.repeat(60);
    const pieces = splitSentences(text);
    expect(pieces.join('')).toBe(text);
    expect(pieces.slice(0, 2)).toEqual(['Hello.  ', 'How are you?\n']);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(180);
  });

  it('splits text without spaces, and returns nothing for an empty text', () => {
    expect(splitSentences('a'.repeat(400)).map((piece) => piece.length)).toEqual([180, 180, 40]);
    expect(splitSentences('')).toEqual([]);
  });
});
