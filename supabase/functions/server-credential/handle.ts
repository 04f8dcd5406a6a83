import type { ServerCredentialBody } from '../../../shared/src/schema/functions.ts';
import { seal, type SecretKeys } from '../../../shared/src/secret-envelope.ts';
import { succeed, type Answer } from '../_shared/answer.ts';
import type { Database } from '../_shared/database.ts';
import { mayEdit, requireServer } from '../_shared/roles.ts';

export interface ServerCredentialDeps {
  database: Pick<Database, 'findServer' | 'countCall' | 'putSecret' | 'dropSecret'>;
  readKeys: () => SecretKeys;
}

/**
 * Seals and stores the credential of a server, or removes it. It is never answered back. What the caller says that
 * it is for, or else what the server is now, must still hold at the moment of storing: otherwise 409 `server_changed`.
 */
export async function handle(
  { server_id, credential, url, auth_method }: ServerCredentialBody,
  { database, readKeys }: ServerCredentialDeps,
): Promise<Answer> {
  const found = await requireServer(server_id, mayEdit, database);
  if (!found.ok) return found.answer;
  await database.countCall('function_calls', found.access.workspaceId);
  if (credential === null) {
    await database.dropSecret(server_id);
    return succeed({ has_credential: false });
  }
  const { workspaceId, serverId, ...stored } = found.access;
  const sealedFor = {
    workspaceId,
    serverId,
    url: url ?? stored.url,
    authMethod: auth_method ?? stored.authMethod,
  };
  await database.putSecret(sealedFor, await seal(credential, { workspaceId, serverId }, readKeys()));
  return succeed({ has_credential: true });
}
