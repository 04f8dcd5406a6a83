import { expect, it } from 'vitest';
import { isSameIssuer } from './issuer.ts';

it.each([
  ['https://as.example', 'https://as.example/'],
  ['https://as.example/', 'https://as.example'],
  ['https://as.example/tenant', 'https://as.example/tenant/'],
  ['https://AS.example:443', 'https://as.example'],
  ['not an address', 'not an address'],
])('takes %s and %s for the same issuer', (a, b) => {
  expect(isSameIssuer(a, b)).toBe(true);
});

it.each([
  ['https://as.example', 'https://other.example'],
  ['https://as.example', 'http://as.example'],
  ['https://as.example', 'https://as.example:8443'],
  ['https://as.example/a', 'https://as.example/b'],
  ['https://as.example', 'https://as.example//'],
  ['https://as.example', 'https://as.example.evil.example'],
  ['https://as.example', ''],
])('takes %s and %s for different issuers', (a, b) => {
  expect(isSameIssuer(a, b)).toBe(false);
});
