import { describe, expect, it } from 'vitest';
import { redact } from './redact.ts';

describe('redact', () => {
  it('hides what looks like a secret at any depth, whatever it is', () => {
    const args = {
      user: 'ann',
      password: 'x',
      nested: { api_key: { a: 1 }, accessToken: 'y' },
      list: [{ Authorization: 'z' }],
    };
    expect(redact(args)).toEqual({
      user: 'ann',
      password: '[redacted]',
      nested: { api_key: '[redacted]', accessToken: '[redacted]' },
      list: [{ Authorization: '[redacted]' }],
    });
  });

  it.each([
    ['author', false],
    ['authorName', false],
    ['passenger', false],
    ['pinned', false],
    ['Authorization', true],
    ['auth', true],
    ['user_pin', true],
    ['apiKey', true],
    ['X-API-Key', true],
    ['passphrase', true],
    ['refresh_token', true],
  ])('takes %s for a secret: %s', (key, isSecret) => {
    expect(redact({ [key]: 'value' })).toEqual({ [key]: isSecret ? '[redacted]' : 'value' });
  });

  it('cuts long texts, long lists and deep values', () => {
    expect(redact('a'.repeat(500))).toMatch(/^a{200}… \(500 characters\)$/);
    expect(redact(Array.from({ length: 30 }, () => 1))).toHaveLength(21);
    expect(JSON.stringify(redact({ a: { b: { c: { d: { e: 1 } } } } }))).not.toContain('"e"');
  });

  it('keeps no more than a row takes, whatever there is much of', () => {
    const keys = (length: number, of: (place: number) => string) =>
      Object.fromEntries(Array.from({ length: 20 }, (_, place) => [of(place).repeat(length), 1]));
    const wide = (value: unknown, depth = 3): unknown =>
      depth === 0 ? value : Array.from({ length: 20 }, () => wide(value, depth - 1));
    for (const args of [
      keys(100_000, (place) => `k${place}`),
      wide('x'.repeat(200)),
      wide('\0'.repeat(200)),
      wide('\u{1f600}'.repeat(100)),
      wide('\ud83d'.repeat(200)),
      wide(1e300),
      wide(5e-324),
      wide({}),
    ]) {
      const stored = JSON.stringify(redact({ first: 'kept', args }));
      expect(stored).toContain('{"first":"kept"');
      // Zeros as the database writes them out, and the spaces that it puts between.
      const zeros = [...stored.matchAll(/e[+-](\d+)/g)].reduce((sum, [, digits]) => sum + Number(digits), 0);
      expect(Buffer.byteLength(stored) + zeros + stored.split(/[,:]/).length).toBeLessThan(16_000);
    }
  });

  it('keeps numbers beyond the range of JSON as text', () => {
    expect(redact(JSON.parse('{"n": 1e400, "m": -1e400}'))).toEqual({ n: 'Infinity', m: '-Infinity' });
  });

  it('leaves plain values alone', () => {
    expect(redact({ zone: 'Asia/Tokyo', count: 3, on: true, none: null })).toEqual({
      zone: 'Asia/Tokyo',
      count: 3,
      on: true,
      none: null,
    });
  });
});
