import { expect, it } from 'vitest';
import { bytesOfBase64, plainBase64, sniffMediaType } from './media-type.ts';

it.each([
  ['\x89PNG\r\n\x1a\n', 'image/png'],
  ['\xff\xd8\xff\xe0\0\x10JFIF', 'image/jpeg'],
  ['GIF89a', 'image/gif'],
  ['RIFF\0\0\0\0WEBPVP8 ', 'image/webp'],
  ['RIFF\0\0\0\0WAVEfmt ', 'audio/wav'],
  ['\0\0\0\x1cftypavif', 'image/avif'],
  ['OggS\0\x02', 'audio/ogg'],
  ['ID3\x04\0', 'audio/mpeg'],
  ['%PDF-1.7', 'application/pdf'],
  ['Hello, this is a text.', null],
  ['BM and more', null],
])('the bytes %j are of type %s', (bytes, type) => {
  expect(sniffMediaType(btoa(bytes))).toBe(type);
});

it('recognizes images and audio of a known type by fewer bytes', () => {
  expect(sniffMediaType(btoa('BM\x1a\0\0\0'), 'image')).toBe('image/bmp');
  expect(sniffMediaType(btoa('\xff\xfb\x90\x64'), 'audio')).toBe('audio/mpeg');
  expect(sniffMediaType(btoa('\x1aE\xdf\xa3'), 'audio')).toBe('audio/webm');
  expect(sniffMediaType('%%%%')).toBeNull();
});

it('base64 of any kind becomes plain, and nothing else does', () => {
  expect(plainBase64('_-8')).toBe('/+8=');
  expect(plainBase64('AA\nAA')).toBe('AAAA');
  for (const text of ['', 'A', 'not base64!', 'AAAA=A']) expect(plainBase64(text)).toBeNull();
});

it('tells how many bytes there are', () => {
  for (const bytes of ['', 'a', 'ab', 'abc', 'abcd']) expect(bytesOfBase64(btoa(bytes))).toBe(bytes.length);
});
