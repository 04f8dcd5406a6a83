import { expect, it } from 'vitest';
import type { FinishedProbe, MonitorDatabase, ProbeJob } from './database.ts';
import { NOTHING_KNOWN } from './probes/decide.ts';
import { Monitor } from './monitor.ts';
import { PROBE_SCHEDULE } from './probes/probe-schedule.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const ago = (seconds: number) => new Date(NOW - seconds * 1_000).toISOString();

/** A server that was announced as down, and that a conversation has reached again. */
const job: ProbeJob = {
  id: 'server-1',
  workspace_id: 'workspace-1',
  owner_id: 'user-1',
  url: 'https://server.example/mcp',
  transport: 'auto',
  protocol_era: 'auto',
  auth_method: 'none',
  auth_header: null,
  credential_scope: 'workspace',
  added_by: null,
  config_version: 1,
  secret: null,
  connection_status: 'connected',
  has_connected: true,
  is_confirmed: true,
  wants_tools: true,
  catalog_digest: null,
  memory: { ...NOTHING_KNOWN, failures: 3 },
  is_watched: true,
  is_quarantined: false,
  lease_id: 'lease-1',
  incident: { started_at: ago(90), ended_at: ago(1), in_series: 1, announced: ['down'] },
};

async function turn(claimed: ProbeJob) {
  const jobs = [claimed];
  const finished: FinishedProbe[] = [];
  const monitor = new Monitor({
    database: {
      claimServers: () => Promise.resolve(jobs.splice(0)),
      finishProbes: (probes: FinishedProbe[]) => {
        finished.push(...probes);
        monitor.stop();
        return Promise.resolve();
      },
      prune: () => Promise.resolve(),
    } as unknown as MonitorDatabase,
    probe: () => Promise.reject(new Error('A second connection was opened.')),
    probeIsolated: () => Promise.resolve(null),
    network: { awaySince: null, isHere: () => Promise.resolve(true) },
    schedule: PROBE_SCHEDULE,
    slots: 1,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    spans: null,
    now: () => NOW,
    random: () => 0,
  });
  await monitor.run();
  return finished;
}

it('a server that a conversation found well is not connected to, and the notice that it is back is sent', async () => {
  expect(await turn(job)).toEqual([
    {
      server_id: 'server-1',
      lease_id: 'lease-1',
      next_ms: PROBE_SCHEDULE.healthyMs * 0.9,
      memory: { failures: 0, successes: 1, certificate: null },
      certificate_expires_at: null,
      observation: null,
      notices: [{ kind: 'back' }],
    },
  ]);
});

it('a quarantined server whose probe ends its own process is shown so, and left alone for an hour', async () => {
  const [finished] = await turn({ ...job, is_confirmed: false, is_quarantined: true });
  expect(finished).toMatchObject({
    next_ms: 3_600_000,
    outcome: 'crashed',
    observation: { ok: false, status: 'error', error_code: 'probe_crashed' },
    notices: [],
  });
});
