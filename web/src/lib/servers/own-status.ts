import type { ConnectionStateName } from '@patchbay/shared/schema/activity';
import type { McpServerRow } from '@patchbay/shared/schema/server';

/** Whether the user is signed in to a server, by the sign-in that counts for them. */
export interface SignInState {
  is_signed_in: boolean;
}

/**
 * A server as it is for one member: where each has a sign-in, the stored status is that of the member who added it,
 * and says nothing about the sign-in of anybody else.
 */
export function ownStatus<Row extends McpServerRow>(
  server: Row,
  signIn: SignInState | undefined,
  userId: string,
): Row {
  if (server.auth_method !== 'oauth' || server.credential_scope !== 'member') return server;
  if (signIn?.is_signed_in !== true)
    return {
      ...server,
      connection_status: 'needs_auth',
      error_code: 'sign_in_required',
      error_message: null,
    };
  if (server.user_id === userId || server.connection_status !== 'needs_auth') return server;
  return { ...server, connection_status: 'disconnected', error_code: null, error_message: null };
}

/**
 * Whether conversations go without the tools of a server until the user signs in to it.
 * @param connection of the conversation at hand
 */
export function waitsForSignIn(
  { is_active, auth_method, connection_status }: McpServerRow,
  connection: ConnectionStateName | undefined,
): boolean {
  if (!is_active || auth_method !== 'oauth') return false;
  return connection === 'needs_credentials' || connection_status === 'needs_auth';
}
