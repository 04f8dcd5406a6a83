import { keyOwnerOf } from '../../../shared/src/engine/secrets/key-holder.ts';
import type { ServerCredentialBody } from '../../../shared/src/contract/schema/functions.ts';
import { open, seal, type SecretKeys } from '../../../shared/src/engine/secrets/secret-envelope.ts';
import { refuse, succeed, type Answer } from '../_shared/answer.ts';
import type { Database } from '../_shared/database.ts';
import { maySetCredential, mayTest, requireServer } from '../_shared/roles.ts';

export interface ServerCredentialDeps {
  database: Pick<
    Database,
    'callerId' | 'findServer' | 'countCall' | 'putSecret' | 'dropSecret' | 'heldSecret' | 'confirmSecret'
  >;
  readKeys: () => SecretKeys;
}

type Body<Field extends string> = Extract<ServerCredentialBody, Record<Field, unknown>>;

/**
 * Seals and stores the credential of a server, removes it, or confirms the address at which it is used. It is never
 * answered back.
 */
export function handle(body: ServerCredentialBody, deps: ServerCredentialDeps): Promise<Answer> {
  return 'confirmed_url' in body ? confirm(body, deps) : set(body, deps);
}

// The caller's own where each member has one, otherwise the workspace's. Responds with 409 `server_changed` if the server
// is not what the caller entered the credential for.
async function set(
  { server_id, credential, url, auth_method }: Body<'credential'>,
  { database, readKeys }: ServerCredentialDeps,
): Promise<Answer> {
  const found = await requireServer(server_id, maySetCredential, database);
  if (!found.ok) return found.answer;
  await database.countCall('function_calls', found.access.workspaceId);
  const { workspaceId, serverId, ...stored } = found.access;
  const server = {
    id: serverId,
    url: url ?? stored.url,
    auth_method: stored.authMethod,
    credential_scope: stored.credentialScope,
  };
  const owner = keyOwnerOf(server, workspaceId, database.callerId);
  const holderId = owner.holderId ?? null;
  if (credential === null) {
    await database.dropSecret(serverId, holderId);
    return succeed({ has_credential: false });
  }
  const sealedFor = {
    workspaceId,
    serverId,
    url: server.url,
    authMethod: auth_method ?? stored.authMethod,
    holderId,
  };
  await database.putSecret(sealedFor, await seal(credential, owner, readKeys()));
  return succeed({ has_credential: true });
}

/** Only the person who entered the workspace's credential may send it to another address. */
async function confirm(
  { server_id, confirmed_url }: Body<'confirmed_url'>,
  { database, readKeys }: ServerCredentialDeps,
): Promise<Answer> {
  const found = await requireServer(server_id, mayTest, database);
  if (!found.ok) return found.answer;
  const { workspaceId, serverId } = found.access;
  await database.countCall('function_calls', workspaceId);
  const held = await database.heldSecret(serverId);
  if (!held)
    return refuse(409, 'nothing_held', 'This server has no credential that needs your confirmation.');
  const keys = readKeys();
  const place = { workspaceId, serverId, issuer: held.issuer };
  const credential = await open(held.secret, { ...place, address: held.address }, keys);
  const secret = await seal(credential, { ...place, address: confirmed_url }, keys);
  await database.confirmSecret({ id: held.id, serverId, url: confirmed_url, secret });
  return succeed({ has_credential: true });
}
