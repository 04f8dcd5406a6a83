import { describe, expect, it } from 'vitest';
import { parseJsonc } from './jsonc.ts';

describe('JSON with comments', () => {
  it('is read as editors write it', () => {
    const text = `\uFEFF// settings
      {
        "a": [1, 2, /* three */ ], // "not": "read"
        "b": "// no comment, /* nor this */ ,]", /* , */
        "c": "quote \\" and backslash \\\\",
      }`;
    expect(parseJsonc(text)).toEqual({
      ok: true,
      value: { a: [1, 2], b: '// no comment, /* nor this */ ,]', c: 'quote " and backslash \\' },
    });
  });

  it.each(['', '{', '{"a": 1,, "b": 2}', '[1 2]', '"open', '{"a": secret}', '/* never closed'])(
    'is refused without a quotation when it is %j',
    (text) => {
      expect(parseJsonc(text)).toEqual({
        ok: false,
        message: 'a bracket, quote or comma is missing or extra.',
      });
    },
  );

  // Each of these took a regular expression time that grew with the square of its length, or overflowed a stack. At this
  // length that is hours, which the timeout of the test notices.
  it.each([
    ['quotes', '"'],
    ['escaped quotes', '"\\'],
    ['backslashes', '\\'],
    ['beginnings of comments', '/*'],
    ['slashes', '/'],
    ['commas', ','],
    ['commas and spaces', ', '],
    ['spaces after a comma', ' ', ','],
    ['brackets', '['],
    ['objects', '{"a":'],
  ])('is read at once when it is millions of %s', (_name, part, start = '') => {
    expect(parseJsonc(start + part.repeat(2_000_000 / part.length)).ok).toBe(false);
  });
});
