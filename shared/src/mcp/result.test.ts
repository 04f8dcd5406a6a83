import { expect, it } from 'vitest';
import { readResult } from './result.ts';

it('names what cannot be read out', () => {
  const { text, isError, truncated } = readResult({
    content: [
      { type: 'text', text: 'Two files:' },
      { type: 'image', data: 'AAAA', mimeType: 'image/png' },
      { type: 'audio', data: 'AAAA', mimeType: 'audio/wav' },
      { type: 'resource_link', uri: 'file:///a.txt', name: 'a.txt' },
      { type: 'resource', resource: { uri: 'file:///b.txt', text: 'inside b' } },
      { type: 'resource', resource: { uri: 'file:///c.bin', blob: 'AAAA' } },
    ],
  });
  expect(text.split('\n')).toEqual([
    'Two files:',
    '[picture, image/png]',
    '[sound, audio/wav]',
    '[link: a.txt, file:///a.txt]',
    'inside b',
    '[file: file:///c.bin]',
  ]);
  expect(isError).toBe(false);
  expect(truncated).toBe(false);
});

it('reads structured content when there is nothing else', () => {
  const result = readResult({ content: [], structuredContent: { temperature: 21 } });
  expect(result.speech).toBe('{"temperature":21}');
  expect(result.structured).toEqual({ temperature: 21 });
});

it('says something even when the tool does not', () => {
  expect(readResult({ content: [] }).speech).toMatch(/finished/);
  expect(readResult({ content: [], isError: true })).toMatchObject({
    isError: true,
    speech: expect.stringMatching(/failed/) as string,
  });
});

it('cuts with a notice, sooner for the ear than for the eye', () => {
  const result = readResult({ content: [{ type: 'text', text: 'x'.repeat(10_000) }] });
  expect(result.text).toHaveLength(10_000);
  expect(result.speech.length).toBeLessThan(2_100);
  expect(result.speech).toMatch(/cut here; 8000 characters more/);
  expect(result.truncated).toBe(true);
});

it('cuts between words, and never through a character', () => {
  const speechOf = (text: string) => readResult({ content: [{ type: 'text', text }] }).speech.split('\n')[0];
  expect(speechOf('seven12 '.repeat(1_000))).toMatch(/^(seven12 )+seven12$/);
  expect(speechOf(`x${'😀'.repeat(2_000)}`)).toMatch(/^x(😀)+$/u);
});
