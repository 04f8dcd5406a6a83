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

it('is public unless it is set to local', () => {
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

const METADATA = [
  '169.254.169.254',
  '169.254.170.2',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd00:ec2:0:0:0:0:0:fe',
  'fd20:ce::254',
  'fd00:c1::a9fe:a9fe',
  'fd00:42::42',
  'fd00:a9fe:a9fe::1',
  'fe80::a9fe:a9fe',
  'fe80::a9fe:a9fe%eth0',
  '::ffff:169.254.169.254',
  '::ffff:a83f:8110',
];
/** The same four bytes as translators and tunnels carry them. */
const CARRIED = [
  '64:ff9b::169.254.169.254',
  '64:ff9b::168.63.129.16',
  '::ffff:0:169.254.169.254',
  '::169.254.169.254',
  '2002:a9fe:a9fe::1',
  '2001:0:0:0:0:0:5601:5601',
];
const EVERYTHING = parseAddressPolicy(
  'public,0.0.0.0/0,::/0,metadata.google.internal,metadata.goog,instance-data,tools.internal',
)!;

describe('the metadata of a cloud', () => {
  it.each([...METADATA, ...CARRIED])('%s is closed under every policy', (address) => {
    for (const policy of ['public', 'local', EVERYTHING] as const) {
      expect(isAddressAllowed(address, policy)).toBe(false);
      expect(isAddressAllowed(address, policy, 'tools.internal')).toBe(false);
      if (!address.includes('%')) {
        const host = address.includes(':') ? `[${address}]` : address;
        expect(codeOf(`https://${host}/latest`, policy)).toBe('blocked_address');
      }
    }
  });

  it.each(['http://2852039166/', 'http://0xa83f8110/', 'http://100.6579400/', 'http://168.63.129.16./'])(
    '%s is the same address in another spelling',
    (url) => {
      expect(codeOf(url, 'local')).toBe('blocked_address');
    },
  );

  it.each(['metadata.google.internal', 'METADATA.google.internal.', 'metadata.goog', 'instance-data'])(
    '%s is closed by its name, listed or not',
    (name) => {
      for (const policy of ['public', 'local', EVERYTHING] as const)
        expect(codeOf(`https://${name}/computeMetadata`, policy)).toBe('blocked_address');
    },
  );

  it('closes nothing beside it', () => {
    for (const address of ['100.100.100.199', 'fd00:ec1::254', '10.0.0.1', '192.168.1.1'])
      expect(isAddressAllowed(address, 'local')).toBe(true);
    for (const address of ['168.63.129.17', '2606:4700::1111'])
      expect(isAddressAllowed(address, 'public')).toBe(true);
  });
});

describe('an IPv6 address', () => {
  it.each([
    '::',
    '::7f00:1',
    '::8.8.8.8',
    '::2',
    '64:ff9b::8.8.8.8',
    '64:ff9b:1::7f00:1',
    '2002:7f00:1::1',
    '2001::1',
    '100::1',
    '2001:db8::1',
    '3fff::1',
    '4000::1',
    '5f00::1',
    'fec0::1',
    'ff02::1',
    'e000::1',
  ])('%s is no public one', (address) => {
    expect(isAddressAllowed(address, 'public')).toBe(false);
    expect(isAddressAllowed(address, 'local')).toBe(false);
    expect(codeOf(`https://[${address}]/`, 'local')).toBe('blocked_address');
  });

  it('of a translator that an operator lists is judged by the address inside', () => {
    const nat64 = parseAddressPolicy('public,64:ff9b::/96')!;
    expect(isAddressAllowed('64:ff9b::8.8.8.8', nat64)).toBe(true);
    expect(isAddressAllowed('64:ff9b::127.0.0.1', nat64)).toBe(false);
    expect(isAddressAllowed('64:ff9b::10.0.0.1', nat64)).toBe(false);
  });
});
