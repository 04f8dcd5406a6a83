import type { FinishedSpan } from '@patchbay/shared/engine/tracing/finished-span';
import { expect, it, vi } from 'vitest';
import type { MonitorDatabase, ProbeJob } from '../database.ts';
import { NOTHING_KNOWN } from './decide.ts';
import type { ProbeOutcome } from './prober.ts';
import { Monitor } from '../monitor.ts';
import { PROBE_SCHEDULE } from './probe-schedule.ts';

const job: ProbeJob = {
  id: 'server-1',
  workspace_id: 'workspace-1',
  owner_id: 'user-1',
  url: 'https://canary.example/mcp?key=canary',
  transport: 'auto',
  protocol_era: 'auto',
  auth_method: 'api_key',
  auth_header: 'X-Canary',
  credential_scope: 'workspace',
  added_by: null,
  config_version: 1,
  secret: { ciphertext: 'canary', nonce: 'canary', key_id: 'canary' },
  connection_status: 'connected',
  has_connected: true,
  is_confirmed: false,
  wants_tools: true,
  catalog_digest: null,
  memory: NOTHING_KNOWN,
  is_watched: false,
  is_quarantined: false,
  lease_id: 'lease-1',
  incident: null,
};

const well: ProbeOutcome = {
  result: {
    ok: true,
    phases: [],
    transport: 'streamable_http',
    protocol_version: null,
    server_info: { name: 'canary' },
    capabilities: null,
    instructions: 'canary',
  },
  catalog: {
    tools: [{ name: 'canary', input_schema: { type: 'object' }, fingerprint: 'f1' }],
    skipped: [],
  },
  certificateExpiresAt: null,
  isUnreached: false,
};

const failed: ProbeOutcome = {
  result: {
    ok: false,
    phase: 'connect',
    code: 'connection_refused',
    message: 'canary',
    hint: 'canary',
    phases: [],
  },
  catalog: null,
  certificateExpiresAt: null,
  isUnreached: true,
};

/** A monitor that probes one server once; its tools cannot be stored. */
async function probeOnce(outcome: ProbeOutcome | Error) {
  const spans: FinishedSpan[] = [];
  const lines: Record<string, unknown>[] = [];
  const jobs = [job];
  const line = (fields: unknown, message?: string) => void lines.push({ ...(fields as object), message });
  const monitor = new Monitor({
    database: {
      claimServers: () => Promise.resolve(jobs.splice(0)),
      storeCatalog: () => Promise.reject(new Error('away')),
      finishProbes: () => Promise.resolve(monitor.stop()),
      prune: () => Promise.resolve(),
    } as unknown as MonitorDatabase,
    probe: () => (outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome)),
    probeIsolated: () => Promise.resolve(null),
    network: { awaySince: null, isHere: () => Promise.resolve(true) },
    schedule: PROBE_SCHEDULE,
    slots: 1,
    log: { info: line, warn: line, error: line },
    spans: { add: (span) => void spans.push(span) },
    now: Date.now,
    random: () => 0,
  });
  const isOver = monitor.run();
  await vi.waitFor(() => expect(jobs).toEqual([]));
  if (outcome instanceof Error) monitor.stop();
  await isOver;
  return { spans, lines };
}

it('a probe has its own trace, and its log lines have the trace id', async () => {
  const { spans, lines } = await probeOnce(well);
  expect(spans).toHaveLength(1);
  const [span] = spans;
  expect(span).toMatchObject({ name: 'probe', kind: 'client', isError: false });
  expect(span?.context.parentSpanId).toBeNull();
  expect(span?.attributes).toEqual({
    'patchbay.server.id': 'server-1',
    'patchbay.workspace.id': 'workspace-1',
  });
  expect(span?.endedAtMs).toBeGreaterThanOrEqual(span?.startedAtMs ?? Infinity);
  expect(lines).toMatchObject([
    { server: 'server-1', trace_id: span?.context.traceId, message: 'tools were not stored' },
  ]);
  expect(JSON.stringify(spans)).not.toContain('canary');
});

it('a failed probe is traced with the reason, without text from the server', async () => {
  const { spans } = await probeOnce(failed);
  expect(spans).toMatchObject([
    { isError: true, attributes: { 'error.type': 'connection_refused', 'patchbay.phase': 'connect' } },
  ]);
  expect(JSON.stringify(spans)).not.toContain('canary');
});

it('a probe that throws is logged with its trace id', async () => {
  const { lines } = await probeOnce(new Error('broken'));
  expect(lines).toMatchObject([{ server: 'server-1', message: 'a probe broke' }]);
  expect(lines[0]?.['trace_id']).toMatch(/^[0-9a-f]{32}$/);
});
