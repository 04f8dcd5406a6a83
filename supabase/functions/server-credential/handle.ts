import { keyOwnerOf } from '../../../shared/src/key-holder.ts';
import type { ServerCredentialBody } from '../../../shared/src/schema/functions.ts';
import { seal, type SecretKeys } from '../../../shared/src/secret-envelope.ts';
import { succeed, type Answer } from '../_shared/answer.ts';
import type { Database } from '../_shared/database.ts';
import { maySetCredential, requireServer } from '../_shared/roles.ts';

export interface ServerCredentialDeps {
  database: Pick<Database, 'callerId' | 'findServer' | 'countCall' | 'putSecret' | 'dropSecret'>;
  readKeys: () => SecretKeys;
}

/**
 * Seals and stores the credential of a server, or removes it: the caller's own where each member has one, else the
 * workspace's. It is never answered back. What the caller says that
 * it is for, or else what the server is now, must still hold at the moment of storing: otherwise 409 `server_changed`.
 */
export async function handle(
  { server_id, credential, url, auth_method }: ServerCredentialBody,
  { database, readKeys }: ServerCredentialDeps,
): Promise<Answer> {
  const found = await requireServer(server_id, maySetCredential, database);
  if (!found.ok) return found.answer;
  await database.countCall('function_calls', found.access.workspaceId);
  const { workspaceId, serverId, ...stored } = found.access;
  const server = { id: serverId, auth_method: stored.authMethod, credential_scope: stored.credentialScope };
  const owner = keyOwnerOf(server, workspaceId, database.callerId);
  const holderId = owner.holderId ?? null;
  if (credential === null) {
    await database.dropSecret(serverId, holderId);
    return succeed({ has_credential: false });
  }
  const sealedFor = {
    workspaceId,
    serverId,
    url: url ?? stored.url,
    authMethod: auth_method ?? stored.authMethod,
    holderId,
  };
  await database.putSecret(sealedFor, await seal(credential, owner, readKeys()));
  return succeed({ has_credential: true });
}
