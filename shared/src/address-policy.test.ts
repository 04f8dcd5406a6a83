import { describe, expect, it } from 'vitest';
import { checkUrl, isAddressAllowed, parseAddressPolicy, type AddressPolicy } from './address-policy.ts';

const codeOf = (url: string, policy: AddressPolicy) => {
  try {
    return checkUrl(url, policy).href;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('checkUrl', () => {
  it.each([
    ['https://example.com/mcp', 'https://example.com/mcp'],
    ['https://8.8.8.8/mcp', 'https://8.8.8.8/mcp'],
    ['not a url', 'invalid_url'],
    ['ftp://example.com/', 'invalid_url'],
    ['https://user:key@example.com/', 'invalid_url'],
    ['http://example.com/mcp', 'blocked_address'],
    ['https://localhost/mcp', 'blocked_address'],
    ['https://localhost./mcp', 'blocked_address'],
    ['https://db.internal/mcp', 'blocked_address'],
    ['https://127.0.0.1/mcp', 'blocked_address'],
    ['https://0x7f.1/mcp', 'blocked_address'],
    ['https://2130706433/mcp', 'blocked_address'],
    ['https://10.0.0.1/mcp', 'blocked_address'],
    ['https://100.64.0.1/mcp', 'blocked_address'],
    ['https://169.254.169.254/latest', 'blocked_address'],
    ['https://[::1]/mcp', 'blocked_address'],
    ['https://[::ffff:127.0.0.1]/mcp', 'blocked_address'],
    ['https://[fd00::1]/mcp', 'blocked_address'],
    ['https://[64:ff9b::7f00:1]/mcp', 'blocked_address'],
    ['https://0.0.0.0/mcp', 'blocked_address'],
  ])('public: %s → %s', (url, expected) => {
    expect(codeOf(url, 'public')).toBe(expected);
  });

  it.each([
    ['http://127.0.0.1:4111/mcp', 'http://127.0.0.1:4111/mcp'],
    ['http://localhost:4111/mcp', 'http://localhost:4111/mcp'],
    ['http://192.168.1.5/mcp', 'http://192.168.1.5/mcp'],
    ['http://169.254.169.254/latest', 'blocked_address'],
    ['http://224.0.0.1/mcp', 'blocked_address'],
    ['javascript:alert(1)', 'invalid_url'],
  ])('local: %s → %s', (url, expected) => {
    expect(codeOf(url, 'local')).toBe(expected);
  });
});

it('judges resolved addresses by the same rules', () => {
  expect(isAddressAllowed('1.1.1.1', 'public')).toBe(true);
  expect(isAddressAllowed('127.0.0.53', 'public')).toBe(false);
  expect(isAddressAllowed('127.0.0.53', 'local')).toBe(true);
  expect(isAddressAllowed('nonsense', 'local')).toBe(false);
});

it('is public unless it is told to be local', () => {
  expect(parseAddressPolicy('local')).toBe('local');
  expect(parseAddressPolicy('Local')).toBe('local');
  expect(parseAddressPolicy('')).toBe('public');
  expect(parseAddressPolicy(undefined)).toBe('public');
});

describe('an allow-list', () => {
  const policy = parseAddressPolicy('public, 10.1.0.0/16, fd00::/8, tools.internal') ?? 'public';

  it.each([
    ['https://example.com/mcp', 'https://example.com/mcp'],
    ['http://10.1.2.3:8000/mcp', 'http://10.1.2.3:8000/mcp'],
    ['http://[fd00::1]/mcp', 'http://[fd00::1]/mcp'],
    ['http://tools.internal/mcp', 'http://tools.internal/mcp'],
    ['http://example.com/mcp', 'blocked_address'],
    ['https://10.2.0.1/mcp', 'blocked_address'],
    ['https://other.internal/mcp', 'blocked_address'],
    ['https://127.0.0.1/mcp', 'blocked_address'],
  ])('%s → %s', (url, expected) => {
    expect(codeOf(url, policy)).toBe(expected);
  });

  it('lets a listed name lead to a private address, but never to the metadata of a cloud', () => {
    expect(isAddressAllowed('192.168.0.7', policy, 'tools.internal')).toBe(true);
    expect(isAddressAllowed('192.168.0.7', policy, 'example.com')).toBe(false);
    expect(isAddressAllowed('10.1.0.9', policy, 'example.com')).toBe(true);
    expect(isAddressAllowed('169.254.169.254', policy, 'tools.internal')).toBe(false);
  });

  it.each(['tools.internal', 'local,10.0.0.0/8', 'public,10.0.0.0/99', 'public,https://x', 'public,'])(
    '%s is not understood',
    (text) => {
      expect(parseAddressPolicy(text)).toBeNull();
    },
  );
});
