import { setTimeout as sleep } from 'node:timers/promises';
import type { HealthProject } from '../../tests/e2e/health/project.ts';
import type { BenchContext } from '../bench.ts';
import { startProcess } from '../engine/engine-process.ts';
import type { Seen } from './health-servers.ts';

export interface Absence {
  downMs: number;
  backMs: number;
}

const PATIENCE_MS = 180_000;

/** @throws Error where a change is never seen */
export async function measureAbsence(project: HealthProject, { say }: BenchContext): Promise<Absence> {
  const workspace = await project.addWorkspace();
  await project.watch(workspace);
  const server = await startProcess<{ urls: string[] }, Seen>('health-servers.ts', ['1']);
  const [url = ''] = server.first.urls;
  const id = await project.addServer(workspace, url);
  const monitor = project.startMonitor(1);
  const untilShown = async (status: string): Promise<number> => {
    for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await sleep(50)) {
      const [row] = await project.sql<{ connection_status: string }[]>`
        select connection_status from mcp_servers where id = ${id}`;
      if (row?.connection_status === status) return Date.now();
    }
    throw new Error(`the server was never shown as ${status}`);
  };
  await untilShown('connected');
  // Right after a probe is the worst case.
  const killedAt = Date.now();
  await server.stop();
  say('a server was killed right after a probe; waiting for the page to show it');
  const downMs = (await untilShown('error')) - killedAt;
  // By then the retry delays have reached their maximum.
  await sleep(45_000);
  const startedAt = Date.now();
  const again = await startProcess<{ urls: string[] }, Seen>('health-servers.ts', ['1', new URL(url).port]);
  const backMs = (await untilShown('connected')) - startedAt;
  await again.stop();
  await project.stopMonitor(monitor, 'SIGTERM');
  return { downMs, backMs };
}
