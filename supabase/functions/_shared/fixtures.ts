import type { ProbeResult } from '../../../shared/src/engine/probe/probe.ts';
import type { ProbeFailure, ProbeSuccess } from '../../../shared/src/contract/schema/functions.ts';
import { parseSecretKeys, seal } from '../../../shared/src/engine/secrets/secret-envelope.ts';
import type { ProbeServer, StatusObservation } from '../../../shared/src/contract/schema/snapshot.ts';
import type { Role } from '../../../shared/src/contract/schema/workspace.ts';
import type { Database } from './database.ts';
import type { Probe } from './stored-server.ts';

export const SERVER_ID = '11111111-1111-4111-8111-111111111111';
export const WORKSPACE_ID = '22222222-2222-4222-8222-222222222222';
export const USER_ID = '33333333-3333-4333-8333-333333333333';
export const SECRET = 'sk-the-stored-secret';
export const NOW = new Date('2026-11-22T12:00:00.000Z');

export const keys = parseSecretKeys(`test:${btoa('k'.repeat(32))}`);

export async function storedServer(change: Partial<ProbeServer> = {}): Promise<ProbeServer> {
  const { url = 'https://notes.example/mcp' } = change;
  return {
    id: SERVER_ID,
    workspace_id: WORKSPACE_ID,
    name: 'Notes',
    slug: 'notes',
    url,
    transport: 'auto',
    protocol_era: 'auto',
    auth_method: 'api_key',
    auth_header: 'X-API-Key',
    credential_scope: 'workspace',
    oauth_client_id: null,
    trusts_hints: false,
    added_by: USER_ID,
    credential_id: null,
    call_timeout_ms: 30_000,
    max_concurrency: 4,
    config_version: 7,
    metadata: {},
    connection_status: 'disconnected',
    has_credential: true,
    secret: await seal(SECRET, { workspaceId: WORKSPACE_ID, serverId: SERVER_ID, address: url }, keys),
    tools: [],
    ...change,
  };
}

export const works: ProbeSuccess = {
  ok: true,
  phases: [
    { phase: 'address', duration_ms: 1 },
    { phase: 'connect', duration_ms: 2 },
    { phase: 'authenticate', duration_ms: 3 },
    { phase: 'initialize', duration_ms: 4 },
    { phase: 'list_tools', duration_ms: 5 },
  ],
  transport: 'streamable_http',
  protocol_version: '2025-11-25',
  server_info: { name: 'notes', version: '1' },
  capabilities: { tools: {} },
  instructions: null,
  tools: [{ name: 'add_note', input_schema: { type: 'object' }, fingerprint: 'f1' }],
  skipped: [],
};

export const wrongKey: ProbeFailure = {
  ok: false,
  phase: 'authenticate',
  code: 'unauthorized',
  message: 'The server rejected the credential.',
  hint: 'Enter the key again.',
  phases: [{ phase: 'address', duration_ms: 1 }],
};

/** A probe with a fixed result that records how it was called. */
export function fakeProbe(result: ProbeResult): Probe & { calls: Parameters<Probe>[] } {
  const calls: Parameters<Probe>[] = [];
  return Object.assign((...call: Parameters<Probe>) => (calls.push(call), Promise.resolve(result)), {
    calls,
  });
}

/** A database in which the caller has one role (null: is no member) and one server is stored. */
export function fakeDatabase(
  server: ProbeServer,
  { role, isOwn = true }: { role: Role | null; isOwn?: boolean },
) {
  const observations: StatusObservation[] = [];
  const counted: Parameters<Database['countCall']>[] = [];
  return {
    observations,
    counted,
    callerId: USER_ID,
    serviceRpc: () => Promise.resolve(null),
    countCall: (...call) => Promise.resolve(void counted.push(call)),
    findServer: (id) =>
      Promise.resolve(
        role && id === server.id
          ? {
              serverId: id,
              workspaceId: server.workspace_id,
              role,
              isOwn,
              url: server.url,
              authMethod: server.auth_method,
              credentialScope: server.credential_scope,
            }
          : null,
      ),
    loadServer: (id) => Promise.resolve(id === server.id ? server : null),
    reportStatus: (observation) => Promise.resolve(void observations.push(observation)),
    toolLimit: () => Promise.resolve(1_000),
  } satisfies Partial<Database> & { observations: StatusObservation[]; counted: unknown[] };
}
