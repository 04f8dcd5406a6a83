/** The database as the worker uses it: a handful of calls that only the service key may make. */
import type { EndReason } from '@patchbay/shared/contract/end-reason';
import type { Catalog } from '@patchbay/shared/engine/tools/catalog';
import type { ServiceRpc } from '@patchbay/shared/engine/service-rpc';
import {
  CatalogTool,
  SessionBeginning,
  SessionSnapshot,
  type StatusObservation,
} from '@patchbay/shared/contract/schema/snapshot';
import {
  RecentCallTimes,
  type RecordedCall,
  type TranscriptLine,
} from '@patchbay/shared/contract/schema/session';
import { z } from 'zod';
import { type ServiceClient, serviceCalls } from './service-client.ts';

const TIMEOUT_MS = 8_000;

/** `starting`: it waits for an agent, as at first, or after its worker went; `ended` is final. */
export type SessionState = 'starting' | 'active' | 'ended';

export interface CatalogObservation extends Catalog {
  serverId: string;
  configVersion: number;
  /** ISO 8601. */
  observedAt: string;
}

export interface Database {
  /** For the engine: the grants of sign-ins, and the requests to each host. */
  serviceRpc: ServiceRpc;
  /** What the conversation begins with, however many servers it has; null as for `snapshot`. */
  beginning(sessionId: string): Promise<SessionBeginning | null>;
  /** What the conversation should be like; null when it has ended or its user may not have it any more. */
  snapshot(sessionId: string): Promise<SessionSnapshot | null>;
  reportStatus(observations: readonly StatusObservation[]): Promise<void>;
  storeCatalog(observation: CatalogObservation): Promise<void>;
  recordToolCalls(calls: readonly RecordedCall[]): Promise<void>;
  /** Of all tools that the conversation may use and that were called before. */
  recentCallTimes(sessionId: string): Promise<RecentCallTimes[]>;
  recordTranscript(lines: readonly TranscriptLine[]): Promise<void>;
  setSessionState(sessionId: string, state: SessionState, endReason: EndReason | null): Promise<void>;
}

/** Each call throws DatabaseError. */
export function createDatabase(client: ServiceClient): Database {
  const rpc = serviceCalls(client, TIMEOUT_MS);
  return {
    serviceRpc: (name, args) => rpc(name, args as never, z.unknown()),
    beginning: (sessionId) =>
      rpc(
        'voice_session_snapshot',
        { p_session_id: sessionId, p_with_servers: false },
        SessionBeginning.nullable(),
      ),
    snapshot: (sessionId) =>
      rpc('voice_session_snapshot', { p_session_id: sessionId }, SessionSnapshot.nullable()),
    async reportStatus(observations) {
      await rpc('report_server_status', { p_observations: observations }, z.unknown());
    },
    async storeCatalog({ serverId, configVersion, observedAt, tools, skipped, note }) {
      await rpc(
        'store_catalog',
        {
          p_server_id: serverId,
          p_config_version: configVersion,
          p_observed_at: observedAt,
          p_tools: z.array(CatalogTool).parse(tools),
          p_skipped: skipped,
          ...(note !== undefined && { p_note: note }),
        },
        z.unknown(),
      );
    },
    async recordToolCalls(calls) {
      await rpc('record_tool_calls', { p_calls: calls }, z.unknown());
    },
    recentCallTimes: (sessionId) =>
      rpc('recent_call_times', { p_session_id: sessionId }, z.array(RecentCallTimes)),
    async recordTranscript(lines) {
      await rpc('record_transcript', { p_lines: lines }, z.unknown());
    },
    async setSessionState(sessionId, state, endReason) {
      await rpc(
        'set_session_state',
        { p_session_id: sessionId, p_state: state, p_end_reason: endReason },
        z.unknown(),
      );
    },
  };
}
