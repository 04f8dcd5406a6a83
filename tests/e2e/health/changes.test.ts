/** One accelerated monitor probes all servers at once; each test has its own server. */
import { randomUUID } from 'node:crypto';
import { boundAddress } from '@patchbay/shared/contract/bound-address';
import { parseSecretKeys, seal } from '@patchbay/shared/engine/secrets/secret-envelope';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openMonitorDatabase } from '../../../agent-worker/src/monitor/database.ts';
import { Prober } from '../../../agent-worker/src/monitor/probes/prober.ts';
import { Monitor } from '../../../agent-worker/src/monitor/monitor.ts';
import { PROBE_SCHEDULE } from '../../../agent-worker/src/monitor/probes/probe-schedule.ts';
import type { SessionServer } from '../../../shared/test/support/session-server.ts';
import { HealthScenario, SPEED } from './scenario.ts';
import { speedUp } from './speed-up.ts';
import { startTlsServer } from '../../support/servers/tls-server.ts';

const DAY_MS = 86_400_000;

let scenario: HealthScenario;

beforeAll(async () => {
  scenario = await HealthScenario.open();
});
afterAll(() => scenario.project.close());

async function faulty(): Promise<{
  id: string;
  server: SessionServer;
  fault: { status: number; times: number };
}> {
  const fault = { status: 500, times: 0 };
  const server = await scenario.working({
    intercept: (_request, response, { method }) => {
      if (method !== 'initialize' || fault.times === 0) return false;
      fault.times -= 1;
      response.writeHead(fault.status).end();
      return true;
    },
  });
  const id = await scenario.add(server.url);
  await scenario.shows(id, 'connected');
  return { id, server, fault };
}

async function incidentsOf(id: string): Promise<{ error_code: string; has_ended: boolean }[]> {
  return scenario.project.sql<{ error_code: string; has_ended: boolean }[]>`
    select error_code, ended_at is not null as has_ended from mcp_server_incidents
    where server_id = ${id} order by started_at`;
}

describe.concurrent('a server that worked', { timeout: 120_000 }, () => {
  beforeAll(() => scenario.begin());
  afterAll(() => scenario.end());

  it('and failed once is still shown as connected: the check is red, nobody is told', async () => {
    const { id, fault } = await faulty();
    fault.times = 1;
    await scenario.waitForProbes(id, 3);
    expect((await scenario.checksOf(id)).filter((isOk) => !isOk)).toHaveLength(1);
    expect(await scenario.shownOf(id)).toBe('connected');
    expect(await incidentsOf(id)).toEqual([]);
    expect(await scenario.noticesOf(id)).toEqual([]);
  });

  it('and refuses its credential is shown so at the first answer, and as connected when it takes it', async () => {
    const { id, fault } = await faulty();
    Object.assign(fault, { status: 401, times: Infinity });
    await scenario.shows(id, 'needs_auth unauthorized');
    expect((await scenario.checksOf(id)).indexOf(false)).toBe((await scenario.checksOf(id)).length - 1);
    await scenario.waitForNotices(id, ['needs_auth']);
    fault.times = 0;
    await scenario.shows(id, 'connected');
    await scenario.waitForNotices(id, ['needs_auth', 'back']);
  });

  it('and wants a credential is probed with that of its owner, until it is taken away', async () => {
    const server = await scenario.working({
      intercept: ({ headers }, response) => {
        if (headers.authorization === 'Bearer right') return false;
        response.writeHead(401).end();
        return true;
      },
    });
    const { sql, secretsKeys } = scenario.project;
    const id = await scenario.add(server.url, { auth_method: 'bearer_token' });
    const owner = { workspaceId: scenario.workspace, serverId: id, address: server.url };
    const sealed = await seal('right', owner, parseSecretKeys(secretsKeys));
    await sql`insert into mcp_server_secrets ${sql({ server_id: id, address: boundAddress(server.url), ...sealed })}`;
    await scenario.shows(id, 'connected');
    await sql`delete from mcp_server_secrets where server_id = ${id}`;
    await scenario.shows(id, 'needs_auth credential_missing');
  });

  it('and asks for fewer requests is shown so after a second probe', async () => {
    const { id, fault } = await faulty();
    Object.assign(fault, { status: 429, times: 2 });
    await scenario.shows(id, 'error rate_limited');
    expect((await scenario.checksOf(id)).slice(-2)).toEqual([false, false]);
    await scenario.shows(id, 'connected');
    await scenario.waitForNotices(id, ['down', 'back']);
  });

  it('and comes and goes is told of three times, takes more probes to be believed, and once more when it stays', async () => {
    const { id, server } = await faulty();
    let current = server;
    const fall = async (): Promise<void> => {
      await current.stop();
      await scenario.shows(id, 'error connection_refused');
    };
    const rise = async (): Promise<void> => {
      current = await scenario.working({ port: server.port });
      await scenario.shows(id, 'connected');
    };
    for (let time = 0; time < 3; time += 1) {
      await fall();
      await rise();
    }
    // Two probes sufficed before; now going down takes three, and recovering two.
    const before = (await scenario.checksOf(id)).length;
    await fall();
    const down = (await scenario.checksOf(id)).slice(before);
    expect(down.slice(down.indexOf(false))).toEqual([false, false, false]);
    await rise();
    expect((await scenario.checksOf(id)).slice(-2)).toEqual([true, true]);
    expect(await scenario.noticesOf(id)).toEqual(['down', 'back', 'unstable']);
    expect(await incidentsOf(id)).toHaveLength(4);
    await scenario.waitForNotices(id, ['down', 'back', 'unstable', 'back']);
  });

  it('and was edited while it was down: not checked yet at once, probed 5 s later; switched off: off', async () => {
    const { id, server } = await faulty();
    await server.stop();
    await scenario.shows(id, 'error connection_refused');
    await scenario.waitForNotices(id, ['down']);
    const other = await scenario.working();
    await scenario.project.sql`update mcp_servers set url = ${other.url} where id = ${id}`;
    const editedAt = Date.now();
    const [edited] = await scenario.project.sql`
      select connection_status, status_observed_at from mcp_servers where id = ${id}`;
    expect(edited).toEqual({ connection_status: 'disconnected', status_observed_at: null });
    expect(await incidentsOf(id)).toEqual([{ error_code: 'connection_refused', has_ended: true }]);
    await scenario.shows(id, 'connected');
    // 5 s, the idle interval of the monitor, and slack for a busy machine.
    expect(Date.now() - editedAt).toBeLessThan(15_000);
    await scenario.waitForNotices(id, ['down', 'back']);

    await scenario.project.sql`update mcp_servers set is_active = false where id = ${id}`;
    expect(await scenario.shownOf(id)).toBe('disconnected');
    const probes = (await scenario.checksOf(id)).length;
    // Long enough for several probes of an enabled server.
    await new Promise((resolve) => setTimeout(resolve, 4 * (PROBE_SCHEDULE.healthyMs / SPEED)));
    expect(await scenario.checksOf(id)).toHaveLength(probes);
  });
});

describe('a certificate that ends soon', { timeout: 120_000 }, () => {
  afterEach(() => scenario.end());

  it('is told of two weeks before and three days before, and the server stays connected', async () => {
    await scenario.beginWithoutMonitor();
    const { project } = scenario;
    const inside = await scenario.working();
    const server = await startTlsServer(inside.port);
    scenario.endings.push(() => server.close());
    let daysLeft = 20;
    const database = openMonitorDatabase(project.url, project.secretKey, randomUUID());
    const prober = new Prober('local', parseSecretKeys(project.secretsKeys), database.serviceRpc);
    const silent = () => undefined;
    const monitor = new Monitor({
      database,
      probe: (job) => prober.probe(job),
      probeIsolated: async () => null,
      network: { awaySince: null, isHere: async () => true },
      schedule: speedUp(PROBE_SCHEDULE, 10 * SPEED),
      slots: 4,
      log: { info: silent, warn: silent, error: silent },
      spans: null,
      now: () => server.expiresAt.getTime() - daysLeft * DAY_MS,
      random: () => 0,
    });
    const isOver = monitor.run();
    scenario.endings.push(async () => {
      monitor.stop();
      await isOver;
    });

    const id = await scenario.add(server.url);
    await scenario.shows(id, 'connected');
    const known =
      await project.sql`select certificate_expires_at from mcp_server_health where server_id = ${id}`;
    expect([...known]).toEqual([{ certificate_expires_at: server.expiresAt }]);
    await scenario.waitForProbes(id, 1);
    expect(await scenario.noticesOf(id)).toEqual([]);
    daysLeft = 13.5;
    await scenario.waitForNotices(id, ['certificate']);
    await scenario.waitForProbes(id, 1);
    daysLeft = 2.5;
    await scenario.waitForNotices(id, ['certificate', 'certificate']);
    await scenario.waitForProbes(id, 1);
    const notices = await project.sql<{ days: number }[]>`
      select (details ->> 'days')::int as days from notices where server_id = ${id} order by created_at`;
    expect(notices.map(({ days }) => days)).toEqual([13, 2]);
    expect(await scenario.shownOf(id)).toBe('connected');
  });
});
