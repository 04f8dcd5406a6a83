import { describe, expect, it } from 'vitest';
import { dropsCredential, holdsCredential } from './form-values.ts';

const stored = {
  url: 'https://host.example/tenant/mcp',
  auth_method: 'api_key',
  credential_scope: 'workspace',
  oauth_client_id: null,
  has_credential: true,
  credential_holder_id: 'ada',
  credential_held_since: null,
} as const;
type Stored = Parameters<typeof dropsCredential>[0];

function fate(typed: Partial<Parameters<typeof dropsCredential>[1]>, row: Partial<Stored> = {}): string {
  const before: Stored = { ...stored, ...row };
  const { url, auth_method, credential_scope, oauth_client_id } = before;
  const after = { url, auth_method, credential_scope, oauth_client_id, ...typed };
  if (dropsCredential(before, after)) return 'dropped';
  return holdsCredential(before, after) ? 'held' : 'kept';
}

describe('a stored credential', () => {
  it('is kept at another spelling of its URL', () => {
    expect(fate({})).toBe('kept');
    expect(fate({ url: ' HTTPS://Host.example:443/tenant/mcp#x ' })).toBe('kept');
  });

  it('of the workspace is held at another path or query of the same origin', () => {
    expect(fate({ url: 'https://host.example/attacker/mcp' })).toBe('held');
    expect(fate({ url: 'https://host.example/tenant/mcp?to=attacker' })).toBe('held');
    expect(fate({}, { credential_held_since: '2026-11-30T00:00:00Z' })).toBe('held');
    expect(
      fate({ url: 'https://host.example/x' }, { auth_method: 'oauth', credential_scope: 'member' }),
    ).toBe('held');
  });

  it('of a member is dropped there', () => {
    expect(fate({ url: 'https://host.example/attacker/mcp' }, { credential_scope: 'member' })).toBe(
      'dropped',
    );
  });

  it.each([
    { url: 'https://evil.example/tenant/mcp' },
    { url: 'http://host.example/tenant/mcp' },
    { auth_method: 'bearer_token' },
    { credential_scope: 'member' },
  ])('is dropped with %j', (typed) => {
    expect(fate(typed)).toBe('dropped');
  });

  it('of a client is dropped with another client id', () => {
    const row = { auth_method: 'oauth', oauth_client_id: 'known' } as const;
    expect(fate({ oauth_client_id: 'other' }, row)).toBe('dropped');
    expect(fate({ oauth_client_id: '' }, row)).toBe('dropped');
    expect(fate({ oauth_client_id: ' known ' }, row)).toBe('kept');
  });

  it('that is not set is neither dropped nor held', () => {
    expect(fate({ url: 'https://host.example/x' }, { has_credential: false })).toBe('kept');
  });
});
