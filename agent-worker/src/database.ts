/** The database as the worker uses it: a handful of calls that only the service key may make. */
import type { EndReason } from '@patchbay/shared/contract/end-reason';
import type { Catalogue } from '@patchbay/shared/engine/tools/catalogue';
import { HostAllowance } from '@patchbay/shared/engine/outgoing/host-admission';
import type { GrantRpc } from '@patchbay/shared/engine/oauth/grant-store';
import type { ClientSchema } from '@patchbay/shared/contract/schema/database';
import {
  CatalogueTool,
  SessionBeginning,
  SessionSnapshot,
  type StatusObservation,
} from '@patchbay/shared/contract/schema/snapshot';
import {
  RecentCallTimes,
  type RecordedCall,
  type TranscriptLine,
} from '@patchbay/shared/contract/schema/session';
import { storable } from '@patchbay/shared/contract/json/storable';
import { type SupabaseClient, createClient } from '@supabase/supabase-js';
import { z } from 'zod';
import type { Environment } from './environment.ts';

const TIMEOUT_MS = 8_000;

/** `starting`: it waits for an agent, as at first, or after its worker went; `ended` is final. */
export type SessionState = 'starting' | 'active' | 'ended';

export interface CatalogueObservation extends Catalogue {
  serverId: string;
  configVersion: number;
  /** ISO 8601. */
  observedAt: string;
}

/** A call to the database failed. `retryable`: away or overloaded, as against a refused request. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly retryable: boolean;

  constructor(call: string, status: number, detail: string) {
    super(`${call} failed with status ${status}: ${detail}`);
    // supabase-js gives status 0 when nothing answered.
    this.retryable = status === 0 || status === 408 || status === 429 || status >= 500;
  }
}

export interface Database {
  /** Uses the grants of sign-ins. */
  grantRpc: GrantRpc;
  /** What the conversation begins with, however many servers it has; null as for `snapshot`. */
  beginning(sessionId: string): Promise<SessionBeginning | null>;
  /** What the conversation should be like; null when it has ended or its user may not have it any more. */
  snapshot(sessionId: string): Promise<SessionSnapshot | null>;
  reportStatus(observations: readonly StatusObservation[]): Promise<void>;
  storeCatalogue(observation: CatalogueObservation): Promise<void>;
  recordToolCalls(calls: readonly RecordedCall[]): Promise<void>;
  /** Of all tools that the conversation may use and that were called before. */
  recentCallTimes(sessionId: string): Promise<RecentCallTimes[]>;
  /** Counts requests to a host for the owner of a workspace; see `HostAdmission`. */
  countHostRequests(workspaceId: string, hosts: string[], requests: number): Promise<HostAllowance>;
  recordTranscript(lines: readonly TranscriptLine[]): Promise<void>;
  setSessionState(sessionId: string, state: SessionState, endReason: EndReason | null): Promise<void>;
}

type ServiceCall = keyof ClientSchema['public']['Functions'];
type ArgsOf<Name extends ServiceCall> = ClientSchema['public']['Functions'][Name]['Args'];

export type ServiceClient = SupabaseClient<ClientSchema>;

/** The client with the service key; it holds no user session. */
export function createServiceClient(
  environment: Pick<Environment, 'SUPABASE_URL' | 'SUPABASE_SECRET_KEY'>,
): ServiceClient {
  return createClient<ClientSchema>(environment.SUPABASE_URL, environment.SUPABASE_SECRET_KEY, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  });
}

/** The calls on a service client; each throws DatabaseError. */
export function createDatabase(client: ServiceClient): Database {
  async function rpc<Name extends ServiceCall, T>(
    name: Name,
    args: ArgsOf<Name>,
    schema: z.ZodType<T>,
  ): Promise<T> {
    const answer = await client.rpc(name, storable(args)).abortSignal(AbortSignal.timeout(TIMEOUT_MS));
    const { error } = answer;
    if (error) throw new DatabaseError(name, answer.status, error.code || error.message);
    const parsed = schema.safeParse(answer.data);
    if (!parsed.success) throw new DatabaseError(name, 422, z.prettifyError(parsed.error));
    return parsed.data;
  }

  return {
    grantRpc: (name, args) => rpc(name, args as never, z.unknown()),
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
    async storeCatalogue({ serverId, configVersion, observedAt, tools, skipped, note }) {
      await rpc(
        'store_catalogue',
        {
          p_server_id: serverId,
          p_config_version: configVersion,
          p_observed_at: observedAt,
          p_tools: z.array(CatalogueTool).parse(tools),
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
    countHostRequests: (workspaceId, hosts, requests) =>
      rpc(
        'count_host_requests',
        { p_hosts: hosts, p_requests: requests, p_workspace_id: workspaceId },
        HostAllowance,
      ),
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
