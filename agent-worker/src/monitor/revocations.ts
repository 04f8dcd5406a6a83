/** Tells authorization servers of sign-ins that were dropped, with a server, a member or a workspace too. */
import { pause } from '@patchbay/shared/engine/pause';
import type { AddressPolicy } from '@patchbay/shared/engine/outgoing/address-policy';
import { openDropped } from '@patchbay/shared/engine/oauth/grant';
import { revokeGrant } from '@patchbay/shared/engine/oauth/sign-in';
import type { SecretKeys } from '@patchbay/shared/engine/secrets/secret-envelope';
import type { Log } from '@patchbay/livekit/log';
import { countingFor } from './counted-hosts.ts';
import type { MonitorDatabase } from './database.ts';

const AT_ONCE = 8;
const LOOK_AGAIN_MS = 5_000;

export interface RevocationsOptions {
  database: Pick<MonitorDatabase, 'claimRevocations' | 'finishRevocation' | 'serviceRpc'>;
  policy: AddressPolicy;
  keys: SecretKeys;
  log: Pick<Log, 'warn'>;
  random: () => number;
}

/** Works until stopped, and finishes the current revocation. */
export async function runRevocations(options: RevocationsOptions, stop: AbortSignal): Promise<void> {
  const { database, policy, keys, log, random } = options;
  while (!stop.aborted) {
    try {
      const dropped = await database.claimRevocations(AT_ONCE);
      await Promise.all(
        dropped.map(async (grant) => {
          // One that does not open now may do so with the keys of another monitor.
          const content = await openDropped(grant, keys).catch(() => null);
          const outcome = content
            ? await countingFor(database, grant, () => revokeGrant(content, policy))
            : 'failed';
          if (outcome !== 'failed') await database.finishRevocation(grant.id);
        }),
      );
    } catch (error) {
      log.warn({ error }, 'no revocations could be claimed');
    }
    await pause(LOOK_AGAIN_MS * (0.5 + random()), stop);
  }
}
