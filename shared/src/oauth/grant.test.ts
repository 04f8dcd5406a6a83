import { expect, it } from 'vitest';
import { parseSecretKeys } from '../secret-envelope.ts';
import { countsForStatus, holderOf, openGrant, sealGrant, type GrantContent } from './grant.ts';

const keys = parseSecretKeys(`test:${btoa('k'.repeat(32))}`);
const content: GrantContent = {
  server_id: 's',
  holder_id: 'ada',
  tokens: { access_token: 'secret-access', token_type: 'Bearer' },
  client: { client_id: 'patchbay' },
  authorization_server: 'https://as.example/',
  metadata: null,
  resource: null,
  is_unattended: false,
};
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
  retry_in_ms: null,
  lease_left_ms: null,
};

it('opens a grant in its own row, and in no other', async () => {
  const secret = await sealGrant(content, 'g', 'w', keys);
  expect(JSON.stringify(secret)).not.toContain('secret-access');
  expect((await openGrant({ ...row, secret }, 'w', keys)).tokens).toEqual(content.tokens);
  for (const moved of [{ user_id: 'bob' }, { user_id: null }, { server_id: 'other' }, { id: 'other' }])
    await expect(openGrant({ ...row, ...moved, secret }, 'w', keys)).rejects.toMatchObject({
      code: 'internal',
    });
  await expect(openGrant({ ...row, secret }, 'another workspace', keys)).rejects.toMatchObject({
    code: 'internal',
  });
});

it('knows whose sign-in is used, and whose tells the status', () => {
  expect(holderOf({ id: 's', credential_scope: 'workspace' }, 'w', 'ada').holderId).toBe(null);
  expect(holderOf({ id: 's', credential_scope: 'member' }, 'w', 'ada').holderId).toBe('ada');
  expect(countsForStatus({ credential_scope: 'workspace', added_by: 'ada' }, 'bob')).toBe(true);
  expect(countsForStatus({ credential_scope: 'member', added_by: 'ada' }, 'bob')).toBe(false);
  expect(countsForStatus({ credential_scope: 'member', added_by: 'ada' }, 'ada')).toBe(true);
});
