import { describe, expect, it } from 'vitest';
import { boundAddress } from './bound-address.ts';

describe('boundAddress', () => {
  it.each([
    'HTTPS://Host.Example/tenant/mcp',
    'https://host.example:443/tenant/mcp',
    'https://host.example:/tenant/mcp',
    'https://host.example/tenant/mcp#part',
    'https://host.example/tenant/mcp#a?b#c',
  ])('takes %s for a spelling of one address', (url) => {
    expect(boundAddress(url)).toBe('https://host.example/tenant/mcp');
  });

  it('adds the path that an address without one has', () => {
    expect(boundAddress('https://host.example')).toBe('https://host.example/');
    expect(boundAddress('https://host.example?x=1')).toBe('https://host.example/?x=1');
    expect(boundAddress('http://host.example:80#x')).toBe('http://host.example/');
  });

  it.each([
    'https://host.example/attacker/mcp',
    'https://host.example/tenant/mcp/',
    'https://host.example/tenant/MCP',
    'https://host.example/tenant/../attacker/mcp',
    'https://host.example/tenant%2Fmcp',
    'https://host.example/tenant/mcp?tenant=2',
    'https://host.example/tenant/mcp?',
    'https://host.example:8443/tenant/mcp',
    'https://host.example:80/tenant/mcp',
    'http://host.example/tenant/mcp',
    'https://host.example./tenant/mcp',
  ])('takes %s for another address', (url) => {
    expect(boundAddress(url)).not.toBe(boundAddress('https://host.example/tenant/mcp'));
  });
});
