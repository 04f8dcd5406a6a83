import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { parseSecretKeys, seal } from '@patchbay/shared/engine/secrets/secret-envelope';
import { afterEach, expect, it, vi } from 'vitest';
import type { Attempt, Delivery } from './database.ts';
import { RETRY_MS, runDeliveries } from './deliveries.ts';

const KEYS = parseSecretKeys(`test:${Buffer.alloc(32, 7).toString('base64')}`);
const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

const endings: (() => void)[] = [];
afterEach(() => {
  for (const end of endings.splice(0)) end();
});

/** Answers 500, or nothing at all under /hanging; under /endless with a body that has no end. */
async function receiver(): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === '/endless') return writeOn(response.writeHead(200));
    if (request.url !== '/hanging') response.writeHead(500).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  endings.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

let written = 0;
/** Writes as fast as the other side reads. */
function writeOn(response: ServerResponse): void {
  do written += 64 * 1024;
  while (response.write(Buffer.alloc(64 * 1024)));
  response.once('drain', () => writeOn(response));
}

async function delivery(id: string, url: string, type = 'server.down'): Promise<Delivery> {
  const secret = await seal(SECRET, { workspaceId: 'workspace', serverId: 'webhook' }, KEYS);
  const body = { type, timestamp: new Date().toISOString(), data: {} };
  const names = { lease_id: 'lease', webhook_id: 'webhook', workspace_id: 'workspace' };
  return { id, ...names, body, attempts: 0, url, secret };
}

async function run(batches: Delivery[][], finished: string[]) {
  const attempts = new Map<string, Attempt>();
  const limits: number[] = [];
  const counted: unknown[] = [];
  const stop = new AbortController();
  const over = runDeliveries(
    {
      database: {
        claimDeliveries: async (limit) => {
          limits.push(limit);
          return batches.shift() ?? [];
        },
        finishDelivery: async ({ id }, attempt) => void attempts.set(id, attempt),
        serviceRpc: async (...call) => {
          counted.push(call);
          return { wait_s: 17, at_once: 1 };
        },
      },
      policy: 'local',
      keys: KEYS,
      log: { warn: () => undefined },
      retryMs: RETRY_MS,
      random: () => 0,
    },
    stop.signal,
  );
  await vi.waitFor(() => expect([...attempts.keys()].sort()).toEqual(finished), 4_000);
  stop.abort();
  return { attempts, limits, counted, over };
}

it('a receiver that hangs holds its slot only: the next deliveries are claimed and sent meanwhile', async () => {
  const url = await receiver();
  const batches = [[await delivery('hanging', `${url}/hanging`)], [await delivery('next', url)]];
  const { limits, over, attempts } = await run(batches, ['next']);
  expect(limits.slice(0, 2)).toEqual([8, 7]);
  await over;
  expect(attempts.get('hanging')).toMatchObject({ isDelivered: false, errorCode: 'timeout' });
}, 20_000);

it('a notice is sent again, and a test is not', async () => {
  const url = await receiver();
  const { attempts } = await run(
    [[await delivery('notice', url), await delivery('test', url, 'webhook.test')]],
    ['notice', 'test'],
  );
  expect(attempts.get('notice')?.retryMs).toBeGreaterThan(0);
  expect(attempts.get('test')).toMatchObject({ httpStatus: 500, retryMs: null });
});

it('does not read what a receiver answers', async () => {
  const url = await receiver();
  const { attempts, over } = await run([[await delivery('endless', `${url}/endless`)]], ['endless']);
  await over;
  expect(attempts.get('endless')).toMatchObject({ isDelivered: true, httpStatus: 200 });
  const sent = written;
  await delay(200);
  expect(written).toBe(sent);
  // What the sockets of both sides hold.
  expect(sent).toBeLessThan(16 * 2 ** 20);
});

it('what is sent counts as requests to its host, and is sent although the host gets too many', async () => {
  const url = await receiver();
  const { attempts, counted } = await run([[await delivery('notice', url)]], ['notice']);
  expect(counted).toEqual([
    [
      'count_host_requests',
      { p_workspace_id: 'workspace', p_hosts: ['name:127.0.0.1', 'address:127.0.0.1'], p_requests: 5 },
    ],
  ]);
  expect(attempts.get('notice')).toMatchObject({ httpStatus: 500 });
});
