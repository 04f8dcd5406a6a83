import type { AuthMethod } from '../../contract/schema/server.ts';
import type { ProbeServer } from '../../contract/schema/snapshot.ts';
import { holderOf } from '../oauth/grant.ts';
import { databaseGrantStore } from '../oauth/grant-store.ts';
import { GrantTokens } from '../oauth/token-source.ts';
import type { AddressPolicy } from '../outgoing/address-policy.ts';
import type { ServiceRpc } from '../service-rpc.ts';
import type { Credential } from '../session/target.ts';
import { keyOwnerOf } from './key-holder.ts';
import { open, type SecretKeys } from './secret-envelope.ts';

export interface CredentialAccess {
  /** For whom requests are signed where each member has a credential; null: nobody. */
  userId: string | null;
  readKeys: () => SecretKeys;
  /** Uses the grants of sign-ins. */
  rpc: ServiceRpc;
  policy: AddressPolicy;
}

/**
 * The credential that requests to a stored server are signed with.
 * @returns null when the server needs a key or token and none is set
 * @throws AppError `internal` when the stored one cannot be opened
 */
export async function openCredential(
  server: Pick<
    ProbeServer,
    'id' | 'workspace_id' | 'url' | 'auth_method' | 'auth_header' | 'credential_scope' | 'secret'
  >,
  { userId, readKeys, rpc, policy }: CredentialAccess,
): Promise<Credential | null> {
  const { auth_method: method, auth_header: header, workspace_id } = server;
  if (method === 'oauth') {
    const store = databaseGrantStore(rpc, holderOf(server, workspace_id, userId), readKeys());
    return { method, tokens: new GrantTokens({ store, policy }) };
  }
  if (method === 'none' || server.secret === null) return credentialFor(method, header, null);
  const secret = await open(server.secret, keyOwnerOf(server, workspace_id, userId), readKeys());
  return credentialFor(method, header, secret);
}

/**
 * The credential that a key or token is, for the authentication method of a server.
 * @returns null when the method needs a key or token and there is none
 */
export function credentialFor(
  method: Exclude<AuthMethod, 'oauth'>,
  header: string | null,
  secret: string | null,
): Credential | null {
  if (method === 'none') return { method };
  if (!secret) return null;
  return method === 'api_key' ? { method, header: header ?? 'X-API-Key', secret } : { method, secret };
}
