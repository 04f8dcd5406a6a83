import type { McpServerRow } from '@patchbay/shared/contract/schema/server';
import { expect, it } from 'vitest';
import { ownStatus, waitsForUser } from './own-status.ts';

const server = {
  auth_method: 'oauth',
  credential_scope: 'member',
  user_id: 'ada',
  connection_status: 'connected',
  error_code: null,
  error_message: null,
} as McpServerRow;
const status = (row: Partial<McpServerRow>, isSet: boolean | undefined, who: string) => {
  const own = isSet === undefined ? undefined : { isSet };
  const { connection_status, error_code } = ownStatus({ ...server, ...row }, own, who);
  return [connection_status, error_code];
};

it("shows a member that they are not signed in, whatever the owner's status is", () => {
  expect(status({}, false, 'bob')).toEqual(['needs_auth', 'sign_in_required']);
  expect(status({}, undefined, 'bob')).toEqual(['needs_auth', 'sign_in_required']);
  expect(status({}, false, 'ada')).toEqual(['needs_auth', 'sign_in_required']);
});

it("does not show another member's lost sign-in", () => {
  const lost = { connection_status: 'needs_auth', error_code: 'sign_in_required' } as const;
  expect(status(lost, true, 'bob')).toEqual(['disconnected', null]);
  expect(status(lost, true, 'ada')).toEqual(['needs_auth', 'sign_in_required']);
});

it('returns other servers unchanged', () => {
  expect(status({}, true, 'bob')).toEqual(['connected', null]);
  expect(status({ credential_scope: 'workspace' }, false, 'bob')).toEqual(['connected', null]);
  expect(status({ auth_method: 'api_key', credential_scope: 'workspace' }, undefined, 'bob')).toEqual([
    'connected',
    null,
  ]);
});

it("treats per-member keys the same way, and shows whether the member's is set", () => {
  for (const auth_method of ['api_key', 'bearer_token'] as const) {
    expect(status({ auth_method }, false, 'bob')).toEqual(['needs_auth', 'credential_missing']);
    expect(status({ auth_method }, true, 'bob')).toEqual(['connected', null]);
    const refused = { auth_method, connection_status: 'needs_auth', error_code: 'unauthorized' } as const;
    expect(status(refused, true, 'bob')).toEqual(['disconnected', null]);
    expect(status(refused, true, 'ada')).toEqual(['needs_auth', 'unauthorized']);
    const row = { ...server, auth_method, has_credential: false };
    expect(ownStatus(row, { isSet: true }, 'bob').has_credential).toBe(true);
    expect(ownStatus({ ...row, has_credential: true }, { isSet: false }, 'bob').has_credential).toBe(false);
  }
  // With a sign-in, the credential is the client's secret.
  expect(ownStatus({ ...server, has_credential: true }, { isSet: false }, 'bob').has_credential).toBe(true);
});

it('waits for credentials that only the user can provide', () => {
  const waits = { ...server, is_active: true, connection_status: 'needs_auth' } as const;
  expect(waitsForUser(waits, undefined)).toBe(true);
  expect(waitsForUser({ ...waits, auth_method: 'api_key' }, undefined)).toBe(true);
  expect(waitsForUser({ ...waits, auth_method: 'api_key', credential_scope: 'workspace' }, undefined)).toBe(
    false,
  );
  expect(waitsForUser({ ...waits, connection_status: 'connected' }, 'needs_credentials')).toBe(true);
  expect(waitsForUser({ ...waits, is_active: false }, undefined)).toBe(false);
});
