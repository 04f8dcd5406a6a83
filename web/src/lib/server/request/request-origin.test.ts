import { describe, expect, it } from 'vitest';
import { isOwnRequest } from './request-origin.ts';

const OWN = 'https://patchbay.example';
const UNSAFE = ['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'];
const ask = (method: string, headers: Record<string, string>) =>
  isOwnRequest(new Request(`${OWN}/api/watch`, { method, headers }), OWN);

describe('isOwnRequest', () => {
  it.each(UNSAFE)('takes %s from our own pages only, whatever its content type', (method) => {
    for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'x/y']) {
      const headers = { 'content-type': type };
      expect(ask(method, { ...headers, origin: OWN })).toBe(true);
      expect(ask(method, { ...headers, origin: 'https://evil.example' })).toBe(false);
    }
  });

  it.each([
    'null',
    '',
    'http://patchbay.example',
    'https://patchbay.example:8443',
    'https://patchbay.example.evil.example',
    'https://sub.patchbay.example',
    'HTTPS://PATCHBAY.EXAMPLE',
  ])('refuses the origin %j', (origin) => {
    expect(ask('POST', { origin, 'sec-fetch-site': 'same-origin' })).toBe(false);
  });

  it('decides by Sec-Fetch-Site where there is no Origin', () => {
    expect(ask('POST', { 'sec-fetch-site': 'same-origin' })).toBe(true);
    for (const site of ['cross-site', 'same-site', 'none', ''])
      expect(ask('POST', { 'sec-fetch-site': site })).toBe(false);
  });

  it('refuses a request without either header', () => {
    for (const method of UNSAFE) expect(ask(method, {})).toBe(false);
  });

  it('lets other sites link to our pages', () => {
    const headers = { origin: 'https://other.example', 'sec-fetch-site': 'cross-site' };
    for (const method of ['GET', 'HEAD']) expect(ask(method, headers)).toBe(true);
  });
});
