import { hasKeysOfMembers } from '@patchbay/shared/engine/secrets/key-holder';
import type { ConnectionStateName } from '@patchbay/shared/contract/schema/activity';
import type { McpServerRow } from '@patchbay/shared/contract/schema/server';

/** The user's own key or sign-in at a server where each member has one. */
export interface OwnCredential {
  /** Present and, for a sign-in, still valid. */
  isSet: boolean;
}

/**
 * A server from one member's view. If each member has a key or sign-in, the stored status is that of the member who
 * added it.
 */
export function ownStatus<Row extends McpServerRow>(
  stored: Row,
  own: OwnCredential | undefined,
  userId: string,
): Row {
  if (stored.credential_scope !== 'member') return stored;
  const isSet = own?.isSet === true;
  const hasKey = hasKeysOfMembers(stored);
  const server = hasKey ? { ...stored, has_credential: isSet } : stored;
  if (!isSet)
    return {
      ...server,
      connection_status: 'needs_auth',
      error_code: hasKey ? 'credential_missing' : 'sign_in_required',
      error_message: null,
    };
  if (server.user_id === userId || server.connection_status !== 'needs_auth') return server;
  return { ...server, connection_status: 'disconnected', error_code: null, error_message: null };
}

/**
 * Whether the server's tools are missing from conversations until the user signs in or enters a key.
 * @param connection of the current conversation
 */
export function waitsForUser(server: McpServerRow, connection: ConnectionStateName | undefined): boolean {
  if (!server.is_active || !(server.auth_method === 'oauth' || hasKeysOfMembers(server))) return false;
  return connection === 'needs_credentials' || server.connection_status === 'needs_auth';
}
