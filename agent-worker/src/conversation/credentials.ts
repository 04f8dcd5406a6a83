import { AppError } from '@patchbay/shared/contract/errors';
import type { SessionSnapshot, SnapshotServer } from '@patchbay/shared/contract/schema/snapshot';
import type { AddressPolicy } from '@patchbay/shared/engine/outgoing/address-policy';
import { openCredential } from '@patchbay/shared/engine/secrets/open-credential';
import type { SecretKeys } from '@patchbay/shared/engine/secrets/secret-envelope';
import type { ServiceRpc } from '@patchbay/shared/engine/service-rpc';
import type { Credential } from '@patchbay/shared/engine/session/target';

/**
 * Opens the credentials of servers in a conversation, for its user.
 * @throws AppError `credential_missing` when the server needs one and none is set, `internal` when it cannot be opened
 */
export function credentialsIn(
  { session: { user_id, workspace_id } }: Pick<SessionSnapshot, 'session'>,
  keys: SecretKeys,
  rpc: ServiceRpc,
  policy: AddressPolicy,
): (server: SnapshotServer) => Promise<Credential> {
  const access = { userId: user_id, readKeys: () => keys, rpc, policy };
  return async (server) => {
    const credential = await openCredential({ ...server, workspace_id }, access);
    if (credential === null) throw new AppError('credential_missing');
    return credential;
  };
}
