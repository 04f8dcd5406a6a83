import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readableJson, withoutBinary, withoutBinaryIn } from './binary-text.ts';

const png = `iVBORw0KGgo${'A'.repeat(300_000)}`;
/** Base64 of bytes that are no known file. */
const data = (bytes: number) => {
  let state = 7;
  const next = () => String.fromCharCode((state = (state * 1_103_515_245 + 12_345) % 2 ** 31) % 256);
  return btoa(Array.from({ length: bytes }, next).join(''));
};
const wrapped = (base64: string) => base64.replace(/.{76}/g, '$&\n');

describe('a text for the model', () => {
  it.each([
    ['a data URI', `See data:image/png;base64,${png} here.`, 'See [image/png, 225 KB] here.'],
    ['a data URI with parameters', `data:text/html;charset=utf-8;base64,${data(3_000)}`, '[text/html, 3 KB]'],
    [
      'a data URI that is no base64',
      '<img src="data:image/svg+xml,%3Csvg%2F%3E">',
      '<img src="[image/svg+xml, 12 bytes]">',
    ],
    ['a data URI in capitals', `DATA:image/png;BASE64,${png}`, '[image/png, 225 KB]'],
    [
      'JSON of PHP, which escapes slashes',
      `{"a":"data:image\\/png;base64,${png}","b":"${data(900).replaceAll('/', '\\/')}"}`,
      '{"a":"[image/png, 225 KB]","b":"[binary data, 900 bytes]"}',
    ],
    ['base64 of a file', png, '[image/png, 225 KB]'],
    [
      'base64 of a small file',
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      '[image/png, 70 bytes]',
    ],
    ['base64 of anything', `x ${data(900)} y`, 'x [binary data, 900 bytes] y'],
    ['base64 in lines', `before\n${wrapped(data(900))}\nafter`, 'before\n[binary data, 900 bytes]\nafter'],
    ['base64 in lines with a short last one', wrapped(data(901)), '[binary data, 901 bytes]'],
    ['base64 in JSON', JSON.stringify({ a: wrapped(png), b: 1 }), '{"a":"[image/png, 225 KB]","b":1}'],
    ['base64 for addresses', data(900).replaceAll('+', '-').replaceAll('/', '_'), '[binary data, 900 bytes]'],
    [
      'an address with a picture in it',
      `https://x.example/?p=${png} ok`,
      new RegExp(String.raw`^https://x\.example/\?p=iVBOR.{0,180}… \[address, 300 KB\] ok$`),
    ],
  ])('has a note in the place of %s', (_what, text, expected) => {
    if (typeof expected === 'string') expect(withoutBinary(text)).toBe(expected);
    else expect(withoutBinary(text)).toMatch(expected);
  });

  it.each([
    'x'.repeat(10_000),
    'ACGT'.repeat(500),
    'd'.repeat(128) + '0123456789abcdef'.repeat(32),
    '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'data: the metadata, and data:,nothing',
    'metadata:image/png, all of it',
    `https://example.com/${'Some-Long-Title-2026/'.repeat(30)}`,
    '-'.repeat(400),
    'Привет '.repeat(200),
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U',
  ])('keeps what is no data (%#)', (text) => {
    expect(withoutBinary(text)).toBe(text);
  });

  it('is read in linear time, whatever it is', () => {
    const parts = [
      'data:',
      'https://',
      'A1b',
      'data:a/b;',
      ';x=',
      ' ',
      '\\n',
      '=',
      'data:image/png;base64,',
      '\n',
      '<',
      'Zm9',
    ];
    const startedAt = performance.now();
    for (const part of parts) withoutBinary(part.repeat(1_000_000 / part.length));
    for (const part of parts) withoutBinary(`${'A1b'.repeat(30)}${part}`.repeat(10_000));
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });
});

describe('a value of JSON', () => {
  it('has notes for data at every depth, and names tell what is data', () => {
    expect(
      withoutBinaryIn({
        image_base64: 'A'.repeat(400),
        rows: [{ file: { blob: 'B'.repeat(64) } }],
        note: 'A'.repeat(400),
      }),
    ).toEqual({
      image_base64: '[binary data, 300 bytes]',
      rows: [{ file: { blob: '[binary data, 48 bytes]' } }],
      note: 'A'.repeat(400),
    });
  });

  it('can be written however deep it is', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 20_000; i += 1) deep = [deep];
    expect(readableJson(deep)).toContain('…');
  });

  it('without data comes out as it is', () => {
    const short = fc.jsonValue({ stringUnit: fc.constantFrom('a', 'B', '1', ' ', '"', '\n', 'é') });
    fc.assert(
      fc.property(short, (value) => {
        expect(readableJson(value)).toBe(JSON.stringify(value));
      }),
    );
  });
});
