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

  it('leaves plain values alone', () => {
    expect(redact({ zone: 'Asia/Tokyo', count: 3, on: true, none: null })).toEqual({
      zone: 'Asia/Tokyo',
      count: 3,
      on: true,
      none: null,
    });
  });
});
