/**
 * What the monitor costs and how soon it tells: a thousand servers in one process, looked at by one monitor and by a
 * loop of the bare client in turns; monitors that are killed in the middle; a server that is killed while nobody talks;
 * and the simulation of ten thousand servers over seven days.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { simulate } from '../../agent-worker/src/monitor/testing/simulation.ts';
import { openHealthProject, type HealthProject } from '../e2e/health-project.ts';
import type { BenchContext } from './bench.ts';
import type { Counts } from './engine-server.ts';
import { startProcess } from './engine-process.ts';
import { listWithClient } from './raw-clients.ts';
import { writeResult } from './report.ts';
import { median } from './statistics.ts';

const SERVERS = 1_000;
/** As many as a monitor looks at at a time. */
const PLACES = 32;
const ROUNDS = 3;
const SHOWN_TARGET_MS = 75_000;
const TARGET_RATIO = 0.9;
const WEEK_S = 7 * 86_400;

interface Figures {
  monitorPerSecond: number[];
  loopPerSecond: number[];
  ratio: number;
  memoryMb: number;
  afterKillsMs: number;
  shownAfterMs: number;
  simulation: ReturnType<typeof simulate> & { durationMs: number };
}

/** @throws Error where a server was looked at twice or not at all */
export async function run({ say, signal }: BenchContext): Promise<void> {
  const startedAt = new Date();
  const project = await openHealthProject();
  const server = await startProcess<{ url: string }, Counts>('engine-server.ts', ['legacy']);
  let figures: Omit<Figures, 'simulation'>;
  try {
    figures = await measure(project, server.first.url, say, signal);
    const shownAfterMs = await killAndWait(project, say);
    figures = { ...figures, shownAfterMs };
  } finally {
    await server.stop();
    await project.close();
  }
  say(`simulating 10000 servers for 7 days (minutes)`);
  const simulatedAt = performance.now();
  const simulated = simulate({ servers: 10_000, seconds: WEEK_S, monitors: 5, seed: 7 });
  const simulation = { ...simulated, durationMs: Math.round(performance.now() - simulatedAt) };
  const { ratio, memoryMb, afterKillsMs, shownAfterMs } = figures;
  say(`probes a second: ${median(figures.monitorPerSecond).toFixed(0)} of the monitor, database and all;`);
  say(`  ${median(figures.loopPerSecond).toFixed(0)} of the bare client in a loop`);
  say(`  ${ratio.toFixed(2)} x (target ${TARGET_RATIO}: ${ratio >= TARGET_RATIO ? 'met' : 'MISSED'})`);
  say(`memory of the monitor: ${memoryMb.toFixed(0)} MB`);
  say(
    `with two of three monitors killed in the middle all were looked at, once each, in ${ms(afterKillsMs)}`,
  );
  const verdict = shownAfterMs <= SHOWN_TARGET_MS ? 'met' : 'MISSED';
  say(`killed while nobody talks, shown as down after ${ms(shownAfterMs)} (target 75.0 s: ${verdict})`);
  say(`simulation: ${JSON.stringify(simulation)}`);
  const result = { name: 'health', started_at: startedAt.toISOString(), ...figures, simulation };
  say(`written to ${writeResult(result)}`);
}

async function measure(
  project: HealthProject,
  url: string,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<Omit<Figures, 'simulation'>> {
  const workspace = await project.addWorkspace();
  await project.sql`
    insert into mcp_servers (workspace_id, name, url, slug)
    select ${workspace}, 'bench', ${url}, 's' || n from generate_series(1, ${SERVERS}::int) n`;
  await postpone(project);
  const monitor = project.startMonitor(1);
  await untilClaiming(project);
  const monitorPerSecond: number[] = [];
  const loopPerSecond: number[] = [];
  // The first round warms both up: the compiler, and the tools that are stored then.
  for (let round = 0; round <= ROUNDS && !signal.aborted; round += 1) {
    const monitorMs = await lookAtAll(project);
    const loopMs = await loop(url);
    say(`round ${round}: monitor ${ms(monitorMs)}, loop ${ms(loopMs)}`);
    if (round === 0) continue;
    monitorPerSecond.push((SERVERS / monitorMs) * 1000);
    loopPerSecond.push((SERVERS / loopMs) * 1000);
  }
  const memoryMb = residentMb(monitor.pid ?? 0);
  const others = [project.startMonitor(1), project.startMonitor(1)];
  await sleep(5_000);
  const all = lookAtAll(project, false);
  await sleep(500);
  await Promise.all(others.map((other) => project.stopMonitor(other, 'SIGKILL')));
  const afterKillsMs = await all;
  await project.stopMonitor(monitor, 'SIGTERM');
  const ratio = median(monitorPerSecond) / median(loopPerSecond);
  return { monitorPerSecond, loopPerSecond, ratio, memoryMb, afterKillsMs, shownAfterMs: 0 };
}

/** Makes all servers due, lists and all, and waits until each was looked at. */
async function lookAtAll(project: HealthProject, isFullList = true): Promise<number> {
  await project.sql`delete from mcp_server_checks`;
  if (isFullList)
    await project.sql`update mcp_servers set catalogue_observed_at = now() - interval '1 hour' where catalogue_observed_at is not null`;
  const startedAt = performance.now();
  await project.sql`update mcp_server_health set due_at = now()`;
  for (;;) {
    // Healthy servers fall due again after a minute: what comes sooner is once too often.
    const [row] = await project.sql<{ servers: number; soonest: number | null }[]>`
      select count(distinct server_id)::int as servers, min(extract(epoch from gap))::float as soonest
      from (
        select server_id, checked_at - lag(checked_at) over (partition by server_id order by checked_at) as gap
        from mcp_server_checks where ok
      ) checks`;
    if (row && row.soonest !== null && row.soonest < 45)
      throw new Error(`a server was looked at again after ${row.soonest} s`);
    if (row?.servers === SERVERS) break;
    if (performance.now() - startedAt > 300_000) throw new Error('servers were forgotten');
    await sleep(200);
  }
  const tookMs = performance.now() - startedAt;
  await postpone(project);
  return tookMs;
}

async function postpone(project: HealthProject): Promise<void> {
  await project.sql`update mcp_server_health set due_at = now() + interval '1 day'`;
}

async function untilClaiming(project: HealthProject): Promise<void> {
  while ((await project.sql`select from private.monitors`).length === 0) await sleep(50);
}

/** The same servers by the bare client, as many at a time. */
async function loop(url: string): Promise<number> {
  const startedAt = performance.now();
  let left = SERVERS;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await listWithClient(url);
  };
  await Promise.all(Array.from({ length: PLACES }, worker));
  return performance.now() - startedAt;
}

/** Kills a server while its workspace is looked at; how long until it is shown as down. */
async function killAndWait(project: HealthProject, say: (text: string) => void): Promise<number> {
  await project.sql`delete from mcp_servers`;
  const workspace = await project.addWorkspace();
  await project.watch(workspace);
  const server = await startProcess<{ url: string }, Counts>('engine-server.ts', ['legacy']);
  const id = await project.addServer(workspace, server.first.url);
  const monitor = project.startMonitor(1);
  const isShown = async (status: string): Promise<boolean> => {
    const [row] = await project.sql<{ connection_status: string }[]>`
      select connection_status from mcp_servers where id = ${id}`;
    return row?.connection_status === status;
  };
  while (!(await isShown('connected'))) await sleep(50);
  // Right after a look is the worst moment.
  await server.stop();
  say('a server was killed right after a look; waiting for the page to know');
  const startedAt = performance.now();
  while (!(await isShown('error'))) await sleep(100);
  const tookMs = performance.now() - startedAt;
  await project.stopMonitor(monitor, 'SIGTERM');
  return tookMs;
}

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

function ms(value: number): string {
  return `${(value / 1000).toFixed(1)} s`;
}
