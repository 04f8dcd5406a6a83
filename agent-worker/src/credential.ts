import { AppError } from '@patchbay/shared/contract/errors';
import type { Credential } from '@patchbay/shared/engine/session/target';
import type { SessionSnapshot, SnapshotServer } from '@patchbay/shared/contract/schema/snapshot';
import type { AddressPolicy } from '@patchbay/shared/engine/outgoing/address-policy';
import { databaseGrantStore, type GrantRpc } from '@patchbay/shared/engine/oauth/grant-store';
import { keyOwnerOf } from '@patchbay/shared/engine/secrets/key-holder';
import { holderOf } from '@patchbay/shared/engine/oauth/grant';
import { GrantTokens } from '@patchbay/shared/engine/oauth/token-source';
import { type SecretKeys, open } from '@patchbay/shared/engine/secrets/secret-envelope';

/** For whom requests are signed, where each member has a credential. */
export interface GrantUser {
  /** Null: nobody; only a credential of the workspace will do. */
  id: string | null;
  rpc: GrantRpc;
  policy: AddressPolicy;
}

/** Opens the credentials of servers in a conversation, for the person who talks. */
export function credentialsIn(
  { session }: Pick<SessionSnapshot, 'session'>,
  keys: SecretKeys,
  rpc: GrantRpc,
  policy: AddressPolicy,
): (server: SnapshotServer) => Promise<Credential> {
  const user = { id: session.user_id, rpc, policy };
  return (server) => openCredential(server, session.workspace_id, keys, user);
}

/**
 * The credential that requests to a server are signed with.
 * @throws AppError `credential_missing` when the server needs one and none is set, `internal` when it
 * cannot be opened
 */
export async function openCredential(
  server: Pick<SnapshotServer, 'id' | 'url' | 'auth_method' | 'auth_header' | 'credential_scope' | 'secret'>,
  workspaceId: string,
  keys: SecretKeys,
  user: GrantUser,
): Promise<Credential> {
  if (server.auth_method === 'none') return { method: 'none' };
  if (server.auth_method === 'oauth') {
    const store = databaseGrantStore(user.rpc, holderOf(server, workspaceId, user.id), keys);
    return { method: 'oauth', tokens: new GrantTokens({ store, policy: user.policy }) };
  }
  if (!server.secret) throw new AppError('credential_missing');
  const secret = await open(server.secret, keyOwnerOf(server, workspaceId, user.id), keys);
  return server.auth_method === 'bearer_token'
    ? { method: 'bearer_token', secret }
    : { method: 'api_key', header: server.auth_header ?? 'X-API-Key', secret };
}
