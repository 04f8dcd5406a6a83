import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HealthProject } from '../../tests/e2e/health/project.ts';
import type { BenchContext } from '../bench.ts';
import { startProcess, type BenchProcess } from '../engine/engine-process.ts';
import type { Seen } from './health-servers.ts';
import { listWithClient } from '../engine/raw-clients.ts';

const SERVERS = 1_000;
const PLACES = 32;
const ROUNDS = 5;
const PATIENCE_MS = 120_000;
const POLL_MS = 50;
/** Less than a lease, by the time that a claimed server waits for its turn. */
const SHORTEST_LEASE_MS = 35_000;

export interface ProbeFigures {
  monitorPerSecond: number[];
  loopPerSecond: number[];
  memoryMb: number;
  kills: { tookMs: number; again: number; soonestMs: number | null };
  connections: number;
}

type Servers = BenchProcess<Seen> & { first: { urls: string[] } };

/** @throws Error if a server was probed by two monitors, or not at all */
export async function measureProbes(
  project: HealthProject,
  { say, signal }: BenchContext,
): Promise<ProbeFigures> {
  const servers: Servers = await startProcess('health-servers.ts', [String(SERVERS)]);
  try {
    const { urls } = servers.first;
    const workspace = await project.addWorkspace();
    await project.sql`
      insert into mcp_servers (workspace_id, name, url, slug)
      select ${workspace}, 'bench', url, 's' || n from unnest(${urls}::text[]) with ordinality as all_urls (url, n)`;
    await postpone(project);
    const monitor = project.startMonitor(1);
    await untilMonitors(project, 1);
    const monitorPerSecond: number[] = [];
    const loopPerSecond: number[] = [];
    // The first round warms up the compiler and the stored tools.
    for (let round = 0; round <= ROUNDS; round += 1) {
      signal.throwIfAborted();
      const monitorRate = await probeAll(project, servers);
      const loopRate = await loop(urls);
      await servers.ask();
      say(
        `round ${round}: ${monitorRate.toFixed(0)} a second by the monitor, ${loopRate.toFixed(0)} by the loop`,
      );
      if (round === 0) continue;
      monitorPerSecond.push(monitorRate);
      loopPerSecond.push(loopRate);
    }
    const memoryMb = residentMb(monitor.pid ?? 0);
    const kills = await killInTheMiddle(project, servers);
    const { connections } = await servers.ask();
    await project.stopMonitor(monitor, 'SIGTERM');
    await project.sql`delete from mcp_servers`;
    return { monitorPerSecond, loopPerSecond, memoryMb, kills, connections };
  } finally {
    await servers.stop();
  }
}

async function probeAll(project: HealthProject, servers: Servers): Promise<number> {
  await project.sql`
    update mcp_servers set catalog_observed_at = now() - interval '1 hour' where catalog_observed_at is not null`;
  await makeDue(project);
  await untilChecked(project, SERVERS);
  const storedAt = Date.now();
  const { servers: seen, firstAt, again } = await servers.ask();
  if (seen !== SERVERS || again > 0) throw new Error(`${seen} servers were probed, ${again} of them twice`);
  await postpone(project);
  return SERVERS / ((storedAt - (firstAt ?? storedAt)) / 1000);
}

async function killInTheMiddle(project: HealthProject, servers: Servers): Promise<ProbeFigures['kills']> {
  const victims = [project.startMonitor(1), project.startMonitor(1)];
  await untilMonitors(project, 3);
  const startedAt = performance.now();
  await makeDue(project);
  await untilChecked(project, SERVERS / 3);
  await Promise.all(victims.map((victim) => project.stopMonitor(victim, 'SIGKILL')));
  await untilChecked(project, SERVERS);
  const tookMs = performance.now() - startedAt;
  const { again, soonestMs } = await servers.ask();
  if (soonestMs !== null && soonestMs < SHORTEST_LEASE_MS)
    throw new Error(`a server was probed again ${Math.round(soonestMs)} ms after a probe that had a lease`);
  return { tookMs, again, soonestMs };
}

async function makeDue(project: HealthProject): Promise<void> {
  await project.sql`delete from mcp_server_checks`;
  await project.sql`update mcp_server_health set due_at = now()`;
}

async function untilChecked(project: HealthProject, wanted: number): Promise<void> {
  for (const until = Date.now() + PATIENCE_MS; ; await sleep(POLL_MS)) {
    const [row] = await project.sql<{ n: number }[]>`
      select count(distinct server_id)::int as n from mcp_server_checks where ok`;
    if (row && row.n >= wanted) return;
    if (Date.now() > until) throw new Error(`${SERVERS - (row?.n ?? 0)} servers were forgotten`);
  }
}

async function postpone(project: HealthProject): Promise<void> {
  await project.sql`update mcp_server_health set due_at = now() + interval '1 day'`;
}

async function untilMonitors(project: HealthProject, wanted: number): Promise<void> {
  while ((await project.sql`select from private.monitors`).length < wanted) await sleep(POLL_MS);
}

async function loop(urls: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const left = [...urls];
  const worker = async (): Promise<void> => {
    for (let url = left.pop(); url !== undefined; url = left.pop()) await listWithClient(url);
  };
  await Promise.all(Array.from({ length: PLACES }, worker));
  return urls.length / ((performance.now() - startedAt) / 1000);
}

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}
