/** A real, accelerated monitor probes real servers. The rows of the table in docs/health.md. */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createHttpServer } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseSecretKeys, seal } from '@patchbay/shared/engine/secrets/secret-envelope';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { tool } from '../../../shared/test/support/session-server.ts';
import { startStatelessServer } from '../../../shared/test/support/stateless-server.ts';
import {
  failure,
  garbage,
  nothingHere,
  otherJson,
  startFaultServer,
  webPage,
  type FaultServer,
} from '../../support/servers/fault-servers.ts';
import { HealthScenario, PATIENCE, SPEED } from './scenario.ts';

const HOSTS = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];

let scenario: HealthScenario;

beforeAll(async () => {
  scenario = await HealthScenario.open();
});
afterAll(() => scenario.project.close());
afterEach(() => scenario.end());

async function isNetworkAway(): Promise<boolean> {
  const [row] = await scenario.project.sql<{ is_away: boolean }[]>`
    select network_away_since is not null as is_away from private.monitors order by seen_at desc limit 1`;
  return row?.is_away ?? false;
}

describe('what happened, and what is shown', { timeout: 400_000 }, () => {
  it('servers that work, each in its way; and servers that do not, each with its reason', async () => {
    await scenario.begin();
    const closed = await startFaultServer(nothingHere);
    await closed.close();
    const faults: [string, FaultServer][] = [
      ['error not_mcp', await startFaultServer(webPage)],
      ['error not_found', await startFaultServer(nothingHere)],
      ['error server_error', await startFaultServer(failure)],
      ['error protocol_error', await startFaultServer(garbage)],
      ['error protocol_error', await startFaultServer(otherJson)],
      ['needs_auth unauthorized', await startFaultServer((_, answer) => void answer.writeHead(401).end())],
      ['needs_auth forbidden', await startFaultServer((_, answer) => void answer.writeHead(403).end())],
      ['error rate_limited', await startFaultServer((_, answer) => void answer.writeHead(429).end())],
    ];
    scenario.endings.push(
      ...faults.map(
        ([, server]) =>
          () =>
            server.close(),
      ),
    );
    const slow = await scenario.working();
    // A list that never arrives is not a failure of the server.
    slow.beforeList = () => new Promise(() => undefined);
    const modern = await startStatelessServer();
    scenario.endings.push(() => modern.stop());
    const expected: [string, string][] = [
      ['connected', (await scenario.working()).url],
      // 405 on GET.
      ['connected', (await scenario.working({ isPlain: true })).url],
      ['connected', slow.url],
      ['connected', modern.url],
      ['error connection_refused', closed.url],
      ['error dns_failed', 'http://nowhere.invalid/mcp'],
      ['error blocked_address', 'http://169.254.169.254/mcp'],
      ...faults.map(([what, { url }]): [string, string] => [what, url]),
    ];
    const ids = await Promise.all(expected.map(([, url]) => scenario.add(url)));
    const locked = await scenario.add(modern.url, { auth_method: 'bearer_token' });
    for (const [index, [what]] of expected.entries()) await scenario.shows(ids[index] ?? '', what);
    await scenario.shows(locked, 'needs_auth credential_missing');
    // The user who adds a server sees its state, so there is no notice.
    for (const id of [...ids, locked]) expect(await scenario.noticesOf(id)).toEqual([]);
  });

  it('killed and started again: down, told once; back by itself, told once; one incident', async () => {
    await scenario.begin();
    const server = await scenario.working();
    const id = await scenario.add(server.url);
    await scenario.shows(id, 'connected');
    await server.stop();
    await scenario.shows(id, 'error connection_refused');
    await scenario.waitForNotices(id, ['down']);
    await scenario.waitForProbes(id, 3);
    expect(await scenario.noticesOf(id)).toEqual(['down']);
    await scenario.working({ port: server.port });
    await scenario.shows(id, 'connected');
    await scenario.waitForNotices(id, ['down', 'back']);
    const incidents = await scenario.project.sql`
      select error_code, ended_at > started_at as has_ended from mcp_server_incidents where server_id = ${id}`;
    expect([...incidents]).toEqual([{ error_code: 'connection_refused', has_ended: true }]);
  });

  it('other tools: the catalog has them, and people hear of it', async () => {
    await scenario.begin();
    const server = await scenario.working();
    const id = await scenario.add(server.url);
    const names = async () => {
      const rows = await scenario.project.sql<
        { name: string }[]
      >`select name from mcp_tools where server_id = ${id}`;
      return rows.map(({ name }) => name);
    };
    await expect.poll(async () => (await names()).length, PATIENCE).toBe(server.tools.length);
    server.tools.push(tool('brand_new'));
    await expect.poll(names, PATIENCE).toContain('brand_new');
    await scenario.waitForNotices(id, ['tools_changed']);
    const [notice] = await scenario.project.sql`select details from notices where server_id = ${id}`;
    expect(notice).toEqual({ details: { added: ['brand_new'], changed: [], removed: [] } });
  });

  it('a webhook gets each notice signed, and again when it failed', async () => {
    await scenario.begin();
    const received: { headers: Record<string, string>; body: string }[] = [];
    const receiver = createHttpServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        received.push({ headers: request.headers as Record<string, string>, body });
        response.writeHead(received.length === 1 ? 500 : 204).end();
      });
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    scenario.endings.push(async () => {
      receiver.closeAllConnections();
      receiver.close();
    });
    const [webhookId, key] = [crypto.randomUUID(), `whsec_${Buffer.alloc(32, 5).toString('base64')}`];
    const owner = { workspaceId: scenario.workspace, serverId: webhookId };
    const sealed = await seal(key, owner, parseSecretKeys(scenario.project.secretsKeys));
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
    await scenario.project
      .sql`select put_notice_webhook(${webhookId}, ${scenario.workspace}, ${url}, ${scenario.project.sql.json(sealed)})`;

    const server = await scenario.working();
    const id = await scenario.add(server.url);
    await scenario.shows(id, 'connected');
    await server.stop();
    await expect.poll(() => received.length, PATIENCE).toBe(2);
    for (const { headers, body } of received) {
      expect(new Webhook(key).verify(body, headers)).toMatchObject({
        type: 'server.down',
        data: { server_id: id, server_name: 'test', details: { error_code: 'connection_refused' } },
      });
    }
    expect(received[0]?.headers['webhook-id']).toBe(received[1]?.headers['webhook-id']);
    const log = () => scenario.project.sql`select state, attempts, http_status from webhook_deliveries`;
    await expect
      .poll(async () => [...(await log())], PATIENCE)
      .toEqual([{ state: 'delivered', attempts: 2, http_status: 204 }]);
  });

  it('database and network away and back together: one server of many is down then, and it alone is told of', async () => {
    const [steady, mortal] = [await scenario.working(), await scenario.working()];
    let doors = await Promise.all(HOSTS.map((host) => door(host, steady.port)));
    scenario.endings.push(async () => Promise.all(doors.map((one) => one.close())));
    await scenario.begin(withReferences(doors));
    const steadyIds = await Promise.all(
      Array.from({ length: 12 }, (_, n) => scenario.add(doors[n % doors.length]?.url ?? '')),
    );
    const mortalId = await scenario.add(mortal.url);
    await Promise.all([...steadyIds, mortalId].map((id) => scenario.shows(id, 'connected')));
    await Promise.all([mortal.stop(), ...doors.map((one) => one.close())]);
    await expect.poll(isNetworkAway, PATIENCE).toBe(true);
    await scenario.project.stopDatabase();
    await scenario.project.startDatabase();
    doors = await Promise.all(doors.map(({ host, port }) => door(host, steady.port, port)));
    const backAt = Date.now();
    await scenario.shows(mortalId, 'error connection_refused');
    await Promise.all(steadyIds.map((id) => scenario.waitForProbes(id, 1)));
    expect(Date.now() - backAt).toBeLessThan(60_000);
    await scenario.waitForNotices(mortalId, ['down']);
    for (const id of steadyIds) expect(await scenario.shownOf(id)).toBe('connected');
    const notices = await scenario.project.sql<{ server_id: string }[]>`select server_id from notices`;
    expect(notices.map(({ server_id }) => server_id)).toEqual([mortalId]);
    const incidents = await scenario.project.sql`select server_id from mcp_server_incidents`;
    expect([...incidents]).toEqual([{ server_id: mortalId }]);
  });

  it('the network away and back: nothing is called down, nobody is told, and the page can say so', async () => {
    const server = await scenario.working();
    // The monitor uses two of these proxies as reference hosts.
    let doors = await Promise.all(HOSTS.map((host) => door(host, server.port)));
    scenario.endings.push(async () => Promise.all(doors.map((one) => one.close())));
    await scenario.begin(withReferences(doors.slice(1)));
    const ids = await Promise.all(doors.map(({ url }) => scenario.add(url)));
    await Promise.all(ids.map((id) => scenario.shows(id, 'connected')));
    await Promise.all(doors.map((one) => one.close()));
    await expect.poll(isNetworkAway, PATIENCE).toBe(true);
    doors = await Promise.all(doors.map(({ host, port }) => door(host, server.port, port)));
    await expect.poll(isNetworkAway, PATIENCE).toBe(false);
    await Promise.all(ids.map((id) => scenario.waitForProbes(id, 1)));
    for (const id of ids) {
      expect(await scenario.shownOf(id)).toBe('connected');
      expect(await scenario.noticesOf(id)).toEqual([]);
    }
    const [failed] = await scenario.project.sql`select count(*)::int as n from mcp_server_incidents`;
    expect(failed).toEqual({ n: 0 });
  });

  it('the servers of a tenant all vanish together: that is no outage, and the servers of others are probed on', async () => {
    const [server, reference] = [await scenario.working(), await scenario.working()];
    const doors = await Promise.all(HOSTS.map((host) => door(host, server.port)));
    scenario.endings.push(async () => Promise.all(doors.map((one) => one.close())));
    await scenario.begin({ PATCHBAY_MONITOR_REFERENCE_HOSTS: reference.url });
    const other = await scenario.project.addWorkspace();
    await scenario.project.watch(other);
    const victim = await scenario.project.addServer(other, reference.url);
    const ids = await Promise.all(
      Array.from({ length: 60 }, (_, n) => scenario.add(doors[n % 3]?.url ?? '')),
    );
    await Promise.all([...ids, victim].map((id) => scenario.shows(id, 'connected')));
    await Promise.all(doors.map((one) => one.close()));
    await Promise.all(ids.map((id) => scenario.shows(id, 'error connection_refused')));
    await scenario.waitForProbes(victim, 2);
    expect(await isNetworkAway()).toBe(false);
    expect(await scenario.shownOf(victim)).toBe('connected');
  });

  it('a hundred servers on one host: it gets what one owner is allowed, and another owner is served there', async () => {
    await scenario.beginWithoutMonitor();
    const { sql } = scenario.project;
    await sql`update limits set allowed = 600 where name = 'host_requests_per_minute'`;
    scenario.endings.push(
      () => sql`update limits set allowed = 1000000 where name = 'host_requests_per_minute'`,
    );
    let requests = 0;
    const target = await startFaultServer((request, answer) => {
      if (request.url?.startsWith('/victim') === false) requests += 1;
      failure(request, answer);
    });
    scenario.endings.push(() => target.close());
    for (let n = 0; n < 100; n += 1) await scenario.add(target.url);
    const other = await scenario.project.addWorkspace();
    await scenario.project.watch(other);
    const monitor = scenario.project.startMonitor(SPEED);
    scenario.endings.push(() => scenario.project.stopMonitor(monitor, 'SIGTERM'));
    await expect.poll(() => requests, PATIENCE).toBeGreaterThan(10);
    const victim = await scenario.project.addServer(other, new URL('/victim', target.url).href);
    await scenario.shows(victim, 'error server_error');
    await sleep(10_000);
    // The requests may span two minutes of the rate limit.
    expect(requests).toBeLessThanOrEqual(600);
    const [refused] = await sql`select count(*)::int as n from mcp_servers where error_code = 'host_busy'`;
    expect(refused).toEqual({ n: 0 });
  });

  it('a server that was in hand when monitors died is probed apart, and is released when it does no harm', async () => {
    await scenario.beginWithoutMonitor();
    const server = await scenario.working();
    const id = await scenario.add(server.url);
    const { sql } = scenario.project;
    await sql`update mcp_server_health set abandoned = 2 where server_id = ${id}`;
    const monitor = scenario.project.startMonitor(SPEED);
    scenario.endings.push(() => scenario.project.stopMonitor(monitor, 'SIGTERM'));
    await scenario.shows(id, 'connected');
    const [row] = await sql`select abandoned from mcp_server_health where server_id = ${id}`;
    expect(row).toEqual({ abandoned: 0 });
  });

  it('two monitors, one killed in the middle: the other goes on', async () => {
    await scenario.begin();
    const victim = scenario.project.startMonitor(SPEED);
    const server = await scenario.working();
    const ids = await Promise.all(Array.from({ length: 20 }, () => scenario.add(server.url)));
    await Promise.all(ids.map((id) => scenario.shows(id, 'connected')));
    await scenario.project.stopMonitor(victim, 'SIGKILL');
    await server.stop();
    await Promise.all(ids.map((id) => scenario.shows(id, 'error connection_refused')));
  });
});

const withReferences = (doors: readonly Door[]) => ({
  PATCHBAY_MONITOR_REFERENCE_HOSTS: doors.map(({ url }) => url).join(','),
});

interface Door {
  url: string;
  host: string;
  port: number;
  close(): Promise<void>;
}

/** Closing it simulates a network outage. */
async function door(host: string, target: number, port = 0): Promise<Door> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  };
  const server: Server = createServer((inside) => {
    const outside = connect(target, '127.0.0.1');
    for (const socket of [inside, outside]) keep(socket);
    inside.pipe(outside).pipe(inside);
  });
  server.listen(port, host);
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://${host}:${bound}/mcp`,
    host,
    port: bound,
    close: async () => {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
