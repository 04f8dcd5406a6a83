import type { McpServerRow } from '@patchbay/shared/schema/server';
import { expect, it } from 'vitest';
import { ownStatus } from './own-status.ts';

const server = {
  auth_method: 'oauth',
  credential_scope: 'member',
  user_id: 'ada',
  connection_status: 'connected',
  error_code: null,
  error_message: null,
} as McpServerRow;
const status = (row: Partial<McpServerRow>, isSignedIn: boolean | undefined, who: string) => {
  const signIn = isSignedIn === undefined ? undefined : { is_signed_in: isSignedIn };
  const { connection_status, error_code } = ownStatus({ ...server, ...row }, signIn, who);
  return [connection_status, error_code];
};

it('shows who is not signed in that they are not, whatever the member who added the server has', () => {
  expect(status({}, false, 'bob')).toEqual(['needs_auth', 'sign_in_required']);
  expect(status({}, undefined, 'bob')).toEqual(['needs_auth', 'sign_in_required']);
  expect(status({}, false, 'ada')).toEqual(['needs_auth', 'sign_in_required']);
});

it('does not show the lost sign-in of somebody else', () => {
  const lost = { connection_status: 'needs_auth', error_code: 'sign_in_required' } as const;
  expect(status(lost, true, 'bob')).toEqual(['disconnected', null]);
  expect(status(lost, true, 'ada')).toEqual(['needs_auth', 'sign_in_required']);
});

it('leaves everything else as it is stored', () => {
  expect(status({}, true, 'bob')).toEqual(['connected', null]);
  expect(status({ credential_scope: 'workspace' }, false, 'bob')).toEqual(['connected', null]);
  expect(status({ auth_method: 'api_key' }, undefined, 'bob')).toEqual(['connected', null]);
});
