import { expect, it } from 'vitest';
import { charsetOf, decodeText } from './body-text.ts';

const utf16 = (text: string, mark = '') => new Uint8Array(Buffer.from(mark + text, 'utf16le'));

it.each<[string, Uint8Array, string | null]>([
  ['UTF-8 without a word', Buffer.from('{"ä":"€"}'), null],
  ['UTF-8 with a byte order mark', Buffer.from('\uFEFF{"ä":"€"}'), 'application/json'],
  ['UTF-8 in quotes', Buffer.from('{"ä":"€"}'), 'application/json; charset="UTF-8"'],
  ['an unknown charset, which is UTF-8', Buffer.from('{"ä":"€"}'), 'application/json; charset=nonsense'],
  ['UTF-16 by its mark', utf16('{"ä":"€"}', '\uFEFF'), 'application/json'],
  ['UTF-16 by its charset', utf16('{"ä":"€"}'), 'application/json;charset=utf-16le'],
  ['UTF-16 by its zeros', utf16('{"ä":"€"}'), null],
  ['UTF-16, the other way round', Buffer.from(utf16('{"ä":"€"}')).swap16(), null],
])('reads %s', (_what, bytes, contentType) => {
  expect(decodeText(bytes, contentType)).toBe('{"ä":"€"}');
});

it('reads Latin-1 where a content type says so', () => {
  const contentType = 'text/plain; charset=ISO-8859-1';
  expect(charsetOf(contentType)).toBe('windows-1252');
  expect(decodeText(Buffer.from('{"é":1}', 'latin1'), contentType)).toBe('{"é":1}');
});
