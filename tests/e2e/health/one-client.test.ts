/** A new session ends the one before, so a monitor must not be the second client. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Connection } from '../../../shared/src/engine/session/connection.ts';
import { openConnection } from '../../../shared/src/engine/session/open-connection.ts';
import { startSessionServer, type SessionServer } from '../../../shared/test/support/session-server.ts';
import { HealthScenario, SPEED } from './scenario.ts';

let scenario: HealthScenario;
beforeAll(async () => {
  scenario = await HealthScenario.open();
});
afterAll(() => scenario.project.close());
afterEach(() => scenario.end());

async function oneClientServer(): Promise<SessionServer> {
  const server: SessionServer = await startSessionServer({
    intercept: (_request, _response, { method }) => {
      if (method === 'initialize') {
        server.forgetSessions();
        server.cutStreams();
      }
      return false;
    },
  });
  scenario.endings.push(() => server.stop());
  return server;
}

async function converse(server: SessionServer, id: string) {
  const states: string[] = [];
  const connection: Connection = openConnection(
    {
      serverId: id,
      configVersion: 1,
      url: server.url,
      transport: 'auto',
      credential: { method: 'none' },
      callTimeoutMs: 10_000,
      maxConcurrency: 1,
    },
    { policy: 'local', onState: ({ name }) => states.push(name) },
  );
  scenario.endings.push(() => connection.close());
  await expect.poll(() => connection.state.name).toBe('ready');
  return { connection, states, report: (status: string) => report(id, status) };
}

async function report(id: string, status: string, source = 'session'): Promise<void> {
  const seen = { server_id: id, config_version: 1, observed_at: new Date(), source, status };
  await scenario.project.sql`select report_server_status(${scenario.project.sql.json([seen as never])})`;
}

/** Waits until a monitor has claimed the server again: at its next turn, it would have connected. */
async function monitorComes(id: string): Promise<void> {
  const memory = async () => {
    const [row] = await scenario.project.sql<{ memory: { successes?: number } }[]>`
      select memory from mcp_server_health where server_id = ${id}`;
    return row?.memory.successes ?? 0;
  };
  const before = await memory();
  await expect.poll(memory, { timeout: 30_000, interval: 100 }).toBeGreaterThan(before);
}

it('is left to the conversation that has just found it well again', { timeout: 60_000 }, async () => {
  await scenario.begin();
  const server = await oneClientServer();
  const id = await scenario.add(server.url);
  await scenario.shows(id, 'connected');
  const { states, report: tell } = await converse(server, id);
  const sessions = server.sessions;
  await tell('connected');
  await scenario.project.sql`
    insert into mcp_server_incidents (server_id, workspace_id, series_id, started_at)
    select id, workspace_id, gen_random_uuid(), now() from mcp_servers where id = ${id}`;
  await tell('connected');
  await monitorComes(id);
  expect(server.sessions).toBe(sessions);
  expect(states).toEqual(['discovering', 'ready']);
});

it('is left to the conversation when a monitor starts beside it', { timeout: 60_000 }, async () => {
  await scenario.beginWithoutMonitor();
  const server = await oneClientServer();
  const id = await scenario.add(server.url);
  const { states, report: tell } = await converse(server, id);
  await tell('connected');
  // As a stopped monitor left it: due, with an expired lease.
  await scenario.project.sql`
    update mcp_server_health
    set due_at = now() - interval '1 minute', lease_id = gen_random_uuid(), leased_until = now() - interval '1 second'
    where server_id = ${id}`;
  const monitor = scenario.project.startMonitor(SPEED);
  scenario.endings.push(() => scenario.project.stopMonitor(monitor, 'SIGTERM'));
  await monitorComes(id);
  expect(server.sessions).toBe(1);
  expect(states).toEqual(['discovering', 'ready']);
});

it('is probed as any other when nobody uses it', { timeout: 60_000 }, async () => {
  await scenario.begin();
  const server = await oneClientServer();
  const id = await scenario.add(server.url);
  await scenario.shows(id, 'connected');
  await scenario.waitForProbes(id, 2);
  expect(server.sessions).toBeGreaterThan(2);
});
