import { z } from 'zod';
import type { ServiceRpc } from '../service-rpc.ts';
import type { SecretKeys } from '../secrets/secret-envelope.ts';
import {
  expiryOf,
  openGrant,
  sealGrant,
  StoredGrant,
  type Grant,
  type GrantContent,
  type GrantHolder,
} from './grant.ts';

/** One grant, as all processes share it. Methods reject when the database cannot be reached. */
export interface GrantStore {
  read(): Promise<Grant | null>;
  /** The right to refresh this revision, for one of all who ask; null for the others. */
  lease(grant: Grant, leaseMs: number): Promise<string | null>;
  /** @returns the stored grant; null when the lease had run out, or the grant is another one */
  renew(grant: Grant, leaseId: string, tokens: GrantContent['tokens'], now: number): Promise<Grant | null>;
  /** The server refused the tokens of this revision, which a refresh gave. */
  recordIneffectiveRenewal(grant: Grant): Promise<void>;
  /** Gives the lease back; nobody refreshes before the time is over. */
  delay(grant: Grant, leaseId: string, retryMs: number): Promise<void>;
  /** Only a new sign-in helps. */
  refuse(grant: Grant): Promise<void>;
  /** Notes what the next sign-in asks for besides; null: the server did not name it. */
  wantMore(grant: Grant, scope: string | null): Promise<void>;
}

/** The grant of a holder in the database. */
export function databaseGrantStore(rpc: ServiceRpc, holder: GrantHolder, keys: SecretKeys): GrantStore {
  const { serverId, holderId, workspaceId } = holder;
  return {
    async read() {
      const row = await rpc('read_grant', { p_server_id: serverId, p_holder_id: holderId });
      const stored = StoredGrant.nullable().parse(row);
      return stored && openGrant(stored, holder, keys);
    },
    async lease({ id, revision }, leaseMs) {
      const args = { p_id: id, p_revision: revision, p_lease_ms: leaseMs };
      return z
        .string()
        .nullable()
        .parse(await rpc('lease_grant', args));
    },
    async renew(grant, leaseId, tokens, now) {
      const expires_at = expiryOf(tokens, now);
      const isStored = await rpc('renew_grant', {
        p_id: grant.id,
        p_lease_id: leaseId,
        p_secret: await sealGrant({ ...grant, tokens }, grant.id, workspaceId, keys),
        p_expires_at: expires_at,
      });
      if (isStored !== true) return null;
      const { id, revision } = grant;
      return {
        ...grant,
        tokens,
        expires_at,
        id,
        revision: revision + 1,
        failures: 0,
        renewed_ms_ago: 0,
        retry_in_ms: null,
        lease_left_ms: null,
      };
    },
    async recordIneffectiveRenewal({ id, revision }) {
      await rpc('note_vain_renewal', { p_id: id, p_revision: revision });
    },
    async delay({ id }, leaseId, retryMs) {
      await rpc('delay_grant', { p_id: id, p_lease_id: leaseId, p_retry_ms: Math.round(retryMs) });
    },
    async refuse({ id, revision }) {
      await rpc('refuse_grant', { p_id: id, p_revision: revision });
    },
    async wantMore({ id }, scope) {
      await rpc('want_scope', { p_id: id, p_scope: scope ?? '' });
    },
  };
}
