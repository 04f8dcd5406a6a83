import { expect, it } from 'vitest';
import { isStorable, storable } from './storable.ts';

it('replaces NUL and halves of pairs wherever they are, and nothing else', () => {
  const date = new Date(0);
  const value = { 'a\0': ['\ud83d', { b: 'x\udc00' }], n: 1, none: null, gone: undefined };
  expect(storable(value)).toEqual({ 'a\uFFFD': ['\uFFFD', { b: 'x\uFFFD' }], n: 1, none: null });
  const good = { text: '\u{1f600} \\u0000', date };
  expect(storable({ text: good.text })).toEqual({ text: good.text });
  expect(storable(good.date)).toBe(date);
});

it('knows a text that can be stored as it is', () => {
  expect(['', 'a', '\u{1f600}', '\u0001'].every(isStorable)).toBe(true);
  expect(['\0', '\ud83d', '\udc00\ud83d'].some(isStorable)).toBe(false);
});
