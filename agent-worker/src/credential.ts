import { AppError } from '@patchbay/shared/errors';
import type { Credential } from '@patchbay/shared/mcp/target';
import type { SnapshotServer } from '@patchbay/shared/schema/snapshot';
import { type SecretKeys, open } from '@patchbay/shared/secret-envelope';

/**
 * The credential that requests to a server are signed with.
 * @throws AppError `credential_missing` when the server needs one and none is set, `internal` when it
 * cannot be opened
 */
export async function openCredential(
  server: Pick<SnapshotServer, 'id' | 'auth_method' | 'auth_header' | 'secret'>,
  workspaceId: string,
  keys: SecretKeys,
): Promise<Credential> {
  if (server.auth_method === 'none') return { method: 'none' };
  if (!server.secret) throw new AppError('credential_missing');
  const secret = await open(server.secret, { workspaceId, serverId: server.id }, keys);
  return server.auth_method === 'bearer_token'
    ? { method: 'bearer_token', secret }
    : { method: 'api_key', header: server.auth_header ?? 'X-API-Key', secret };
}
