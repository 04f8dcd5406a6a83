import { expect, it } from 'vitest';
import { parseSecretKeys, seal } from '../secrets/secret-envelope.ts';
import { countsForStatus, expiryOf, holderOf, openGrant, sealGrant, type GrantContent } from './grant.ts';

const keys = parseSecretKeys(`test:${btoa('k'.repeat(32))}`);
const content: GrantContent = {
  server_id: 's',
  holder_id: 'ada',
  server_address: 'https://mcp.example/a',
  tokens: { access_token: 'secret-access', token_type: 'Bearer' },
  client: { client_id: 'patchbay' },
  authorization_server: 'https://as.example/',
  metadata: null,
  resource: null,
  requested_scope: 'read',
  is_widest: false,
  is_unattended: false,
};
const place = { workspaceId: 'w', address: 'https://MCP.example/a#x' };
const row = {
  id: 'g',
  server_id: 's',
  user_id: 'ada',
  issuer: 'https://as.example',
  revision: 1,
  expires_at: null,
  is_refused: false,
  wanted_scope: null,
  failures: 0,
  renewed_ms_ago: null,
  vain_renewals: 0,
  retry_in_ms: null,
  lease_left_ms: null,
};

it('opens a grant in its own row, and in no other', async () => {
  const secret = await sealGrant(content, 'g', 'w', keys);
  expect(JSON.stringify(secret)).not.toContain('secret-access');
  expect((await openGrant({ ...row, secret }, place, keys)).tokens).toEqual(content.tokens);
  for (const moved of [{ user_id: 'bob' }, { user_id: null }, { server_id: 'other' }, { id: 'other' }])
    await expect(openGrant({ ...row, ...moved, secret }, place, keys)).rejects.toMatchObject({
      code: 'internal',
    });
  await expect(
    openGrant({ ...row, secret }, { ...place, workspaceId: 'another' }, keys),
  ).rejects.toMatchObject({
    code: 'internal',
  });
});

it('opens a grant for no other address of its server', async () => {
  const secret = await sealGrant(content, 'g', 'w', keys);
  for (const address of ['https://mcp.example/attacker', 'https://mcp.example/a?x', 'https://evil.example/a'])
    await expect(openGrant({ ...row, secret }, { ...place, address }, keys)).rejects.toMatchObject({
      code: 'internal',
    });
});

it('knows whose sign-in is used, and whose tells the status', () => {
  expect(
    holderOf({ id: 's', url: 'https://mcp.example/a', credential_scope: 'workspace' }, 'w', 'ada').holderId,
  ).toBe(null);
  expect(
    holderOf({ id: 's', url: 'https://mcp.example/a', credential_scope: 'member' }, 'w', 'ada').holderId,
  ).toBe('ada');
  expect(countsForStatus({ credential_scope: 'workspace', added_by: 'ada' }, 'bob')).toBe(true);
  expect(countsForStatus({ credential_scope: 'member', added_by: 'ada' }, 'bob')).toBe(false);
  expect(countsForStatus({ credential_scope: 'member', added_by: 'ada' }, 'ada')).toBe(true);
});

it('opens a grant of before, which does not say what its sign-in asked for', async () => {
  const { requested_scope: _scope, is_widest: _widest, server_address: _address, ...before } = content;
  const text = JSON.stringify(before);
  const secret = await seal(text, { workspaceId: 'w', serverId: 'g' }, keys);
  expect(await openGrant({ ...row, secret }, place, keys)).toMatchObject({
    requested_scope: null,
    is_widest: false,
  });
});

it('knows when a token ends, where that can be meant', () => {
  const now = Date.parse('2026-11-27T12:00:00Z');
  const expiry = (expires_in?: number) =>
    expiryOf(
      { access_token: 'a', token_type: 'Bearer', ...(expires_in !== undefined && { expires_in }) },
      now,
    );
  expect(expiry(3600)).toBe('2026-11-27T13:00:00.000Z');
  expect(expiry(5)).toBe('2026-11-27T12:00:05.000Z');
  for (const meaningless of [undefined, 0, 1, 4.9, -60, NaN, Infinity, 1e15, Number.MAX_VALUE])
    expect([meaningless, expiry(meaningless)]).toEqual([meaningless, null]);
});
