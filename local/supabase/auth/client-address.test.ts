import { expect, test } from 'vitest';
import { clientAddress } from './client-address.ts';

const SECRET = 'sb_secret_1';
const seen = (apikey: string, forwarded?: string): string =>
  clientAddress(
    new Headers({ apikey, ...(forwarded !== undefined && { 'sb-forwarded-for': forwarded }) }),
    '127.0.0.1',
    SECRET,
  );

test('only the secret key may forward the address of a client', () => {
  expect(seen(SECRET, '203.0.113.7')).toBe('203.0.113.7');
  expect(seen(SECRET, '2001:db8::1, 203.0.113.7')).toBe('2001:db8::1');
  expect(seen('sb_publishable_1', '203.0.113.7')).toBe('127.0.0.1');
  expect(seen(SECRET)).toBe('127.0.0.1');
  expect(seen(SECRET, 'not an address')).toBe('127.0.0.1');
});
