import { describe, expect, it } from 'vitest';
import { returnPath, returnPathOf } from './return-path.ts';

describe('returnPath', () => {
  it('keeps a path of ours with its query', () => {
    expect(returnPath('/servers/new?x=1')).toBe('/servers/new?x=1');
  });

  it('keeps an encoded path in the query, which leads nowhere', () => {
    expect(returnPath('/sign-in?next=%2Fservers')).toBe('/sign-in?next=%2Fservers');
  });

  it('encodes what a header cannot carry', () => {
    expect(returnPath('/servers?q=日本#x')).toBe('/servers?q=%E6%97%A5%E6%9C%AC#x');
  });

  it.each([
    null,
    '',
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/\n\\evil.example',
    '\t//evil.example',
    '/.//evil.example',
    '/x/..//evil.example',
    '/%2f/evil.example',
    '/%2Fevil.example',
    '/%5cevil.example',
    '/%09/evil.example',
    '/%0d%0aset-cookie:x',
    '/%252f/evil.example',
    '/servers\r\nset-cookie: x',
    '/servers?x=\\evil.example',
    '/servers\u0000',
    '/\u007f',
    'servers',
    'http:/evil.example',
    'http:evil.example',
    'javascript:alert(1)',
    'data:text/html,x',
  ])('does not follow %j', (next) => {
    expect(returnPath(next)).toBe('/servers');
  });
});

describe('returnPathOf', () => {
  const origin = 'https://patchbay.example';
  it.each([
    [`${origin}/invitations/a?b=c`, '/invitations/a?b=c'],
    ['/invitations/a', '/invitations/a'],
    [origin, '/servers'],
    [`${origin}//evil.example`, '/servers'],
    ['https://evil.example/servers/new', '/servers'],
    ['https://patchbay.example.evil.example/x', '/servers'],
    ['javascript:alert(1)', '/servers'],
    [null, '/servers'],
  ])('%s leads to %s', (address, path) => {
    expect(returnPathOf(address, origin)).toBe(path);
  });
});
