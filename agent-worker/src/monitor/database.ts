/** The database as the monitor uses it: calls that only the service key may make. */
import type { Catalog } from '@patchbay/shared/engine/tools/catalog';
import { DroppedGrant } from '@patchbay/shared/engine/oauth/grant';
import type { ServiceRpc } from '@patchbay/shared/engine/service-rpc';
import { Timestamp } from '@patchbay/shared/contract/schema/server';
import { ProbeServer, SealedSecret, type StatusObservation } from '@patchbay/shared/contract/schema/snapshot';
import { z } from 'zod';
import { createServiceClient, serviceCalls } from '../service-client.ts';
import { NOTHING_KNOWN, type ProbeState, type NoticeDraft } from './probes/decide.ts';
import { MetricRow } from './metrics.ts';

const TIMEOUT_MS = 10_000;

const StoredMemory = z
  .object({
    failures: z.int(),
    successes: z.int(),
    certificate: z.string().nullable(),
  })
  .catch(NOTHING_KNOWN);

const Incident = z.object({
  started_at: Timestamp,
  ended_at: Timestamp.nullable(),
  in_series: z.int(),
  announced: z.array(z.string()),
});

/** A server that is claimed, with what a probe and the decision after it need. */
export const ProbeJob = ProbeServer.pick({
  id: true,
  workspace_id: true,
  url: true,
  transport: true,
  protocol_era: true,
  auth_method: true,
  auth_header: true,
  credential_scope: true,
  added_by: true,
  config_version: true,
  secret: true,
  connection_status: true,
}).extend({
  /** Who is charged for the probe: the creator of the workspace. */
  owner_id: z.string(),
  has_connected: z.boolean(),
  /** A conversation, a call or a test found it well a moment ago. */
  is_confirmed: z.boolean(),
  /** The stored list of tools is missing or old. */
  wants_tools: z.boolean(),
  catalog_digest: z.string().nullable(),
  memory: StoredMemory,
  is_watched: z.boolean(),
  /** Monitors crashed twice while they probed it, so it is probed in its own process. */
  is_quarantined: z.boolean(),
  lease_id: z.string(),
  incident: Incident.nullable(),
});
export type ProbeJob = z.infer<typeof ProbeJob>;

/** What became of a claimed server. */
export interface FinishedProbe {
  server_id: string;
  lease_id: string;
  next_ms: number;
  memory: ProbeState;
  certificate_expires_at: string | null;
  observation: StatusObservation | null;
  notices: NoticeDraft[];
  /** Not probed at all, or the process that probed it crashed; absent: probed. */
  outcome?: 'returned' | 'crashed';
}

/** A message that is claimed. */
export const Delivery = z.object({
  id: z.string(),
  lease_id: z.string(),
  webhook_id: z.string(),
  workspace_id: z.string(),
  body: z.object({ type: z.string(), timestamp: Timestamp, data: z.record(z.string(), z.unknown()) }),
  attempts: z.int(),
  url: z.string(),
  secret: SealedSecret,
});
export type Delivery = z.infer<typeof Delivery>;

export interface Attempt {
  isDelivered: boolean;
  httpStatus: number | null;
  errorCode: string | null;
  /** Null: no other attempt follows. */
  retryMs: number | null;
  /** The receiver returned 410: the webhook no longer exists. */
  isRemoved: boolean;
}

/** Each call throws DatabaseError. */
export interface MonitorDatabase {
  /** For the engine: the grants of sign-ins, and the requests to each host. */
  serviceRpc: ServiceRpc;
  claimServers(claim: {
    limit: number;
    leaseMs: number;
    freshMs: number;
    /** How many servers of each owner this monitor holds already. */
    held: Record<string, number>;
    networkAwaySince: Date | null;
  }): Promise<ProbeJob[]>;
  finishProbes(finished: readonly FinishedProbe[]): Promise<void>;
  storeCatalog(
    server: Pick<ProbeJob, 'id' | 'config_version'>,
    observedAt: Date,
    catalog: Catalog,
  ): Promise<void>;
  prune(): Promise<void>;
  /** What operators see. */
  metrics(): Promise<MetricRow[]>;
  claimDeliveries(limit: number, leaseMs: number): Promise<Delivery[]>;
  claimRevocations(limit: number): Promise<DroppedGrant[]>;
  finishRevocation(grantId: string): Promise<void>;
  finishDelivery(delivery: Pick<Delivery, 'id' | 'lease_id'>, attempt: Attempt): Promise<void>;
}

/** @param monitorId names this process among the monitors */
export function openMonitorDatabase(url: string, secretKey: string, monitorId: string): MonitorDatabase {
  const rpc = serviceCalls(createServiceClient(url, secretKey), TIMEOUT_MS);
  return {
    serviceRpc: (name, args) => rpc(name, args as never, z.unknown()),
    claimServers: ({ limit, leaseMs, freshMs, held, networkAwaySince }) =>
      rpc(
        'claim_due_servers',
        {
          p_monitor_id: monitorId,
          p_limit: limit,
          p_lease_ms: leaseMs,
          p_fresh_ms: Math.round(freshMs),
          p_network_away_since: networkAwaySince?.toISOString() ?? null,
          p_held: held,
        },
        z.array(ProbeJob),
      ),
    async finishProbes(finished) {
      await rpc('finish_probes', { p_results: finished }, z.unknown());
    },
    async storeCatalog(server, observedAt, { tools, skipped, note }) {
      await rpc(
        'store_catalog',
        {
          p_server_id: server.id,
          p_config_version: server.config_version,
          p_observed_at: observedAt.toISOString(),
          p_tools: tools,
          p_skipped: skipped,
          p_note: note ?? null,
        },
        z.unknown(),
      );
    },
    async prune() {
      await rpc('prune_health', {}, z.unknown());
    },
    metrics: () => rpc('operating_metrics', {}, z.array(MetricRow)),
    claimDeliveries: (limit, leaseMs) =>
      rpc('claim_deliveries', { p_limit: limit, p_lease_ms: leaseMs }, z.array(Delivery)),
    claimRevocations: (limit) => rpc('claim_revocations', { p_limit: limit }, z.array(DroppedGrant)),
    async finishRevocation(grantId) {
      await rpc('finish_revocation', { p_id: grantId }, z.unknown());
    },
    async finishDelivery({ id, lease_id }, attempt) {
      await rpc(
        'finish_delivery',
        {
          p_id: id,
          p_lease_id: lease_id,
          p_is_delivered: attempt.isDelivered,
          p_http_status: attempt.httpStatus,
          p_error_code: attempt.errorCode,
          p_retry_ms: attempt.retryMs,
          p_is_gone: attempt.isRemoved,
        },
        z.unknown(),
      );
    },
  };
}
