/** Whose key or token is used at a server. Sign-ins have grants: see oauth/grant. */
import type { AuthMethod, CredentialScope } from '../../contract/schema/server.ts';
import type { SecretOwner } from './secret-envelope.ts';

interface KeyFields {
  auth_method: AuthMethod;
  credential_scope: CredentialScope;
}

/** Whether each member has a key of their own. The secret of a client that signs in is the workspace's in any case. */
export function hasKeysOfMembers({ auth_method: method, credential_scope: scope }: KeyFields): boolean {
  return scope === 'member' && (method === 'api_key' || method === 'bearer_token');
}

/** What the stored credential that somebody uses at a server is sealed to. */
export function keyOwnerOf(
  server: KeyFields & { id: string; url: string },
  workspaceId: string,
  userId: string | null,
): SecretOwner {
  const holderId = hasKeysOfMembers(server) ? userId : null;
  return { workspaceId, serverId: server.id, holderId, address: server.url };
}
