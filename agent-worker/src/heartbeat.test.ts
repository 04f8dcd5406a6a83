import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  callWithServiceKey,
  healthUrl,
  startHeartbeat,
  type Heartbeat,
  type HeartbeatOptions,
} from './heartbeat.ts';

const EVERY_MS = 5;

describe('the heartbeat of a worker', () => {
  let heartbeat: Heartbeat | undefined;
  afterEach(() => heartbeat?.stop());

  function start(options: Partial<HeartbeatOptions> = {}) {
    const calls: { name: string; args: Record<string, unknown> }[] = [];
    const log = { info: vi.fn(), warn: vi.fn() };
    heartbeat = startHeartbeat({
      call: async (name, args) => void calls.push({ name, args }),
      agentName: 'patchbay',
      version: '1.2.3',
      capacity: 6,
      conversations: () => 2,
      isRegistered: async () => true,
      log,
      everyMs: EVERY_MS,
      ...options,
    });
    return { calls, log, stop: heartbeat.stop };
  }

  it('reports the worker again and again, under one id', async () => {
    const { calls } = start();
    await expect.poll(() => calls.length).toBeGreaterThan(2);
    expect(calls[0]).toEqual({
      name: 'report_worker',
      args: {
        p_id: expect.any(String),
        p_agent_name: 'patchbay',
        p_version: '1.2.3',
        p_capacity: 6,
        p_conversations: 2,
      },
    });
    expect(new Set(calls.map(({ args }) => args['p_id'])).size).toBe(1);
  });

  it('reports nothing while LiveKit does not know the worker, and begins when it does', async () => {
    let isRegistered = false;
    const { calls } = start({ isRegistered: async () => isRegistered });
    await sleep(10 * EVERY_MS);
    expect(calls).toEqual([]);
    isRegistered = true;
    await expect.poll(() => calls.length).toBeGreaterThan(0);
  });

  it('retires the worker when it stops, after any report that is on its way', async () => {
    const finished: string[] = [];
    const { stop } = start({
      call: async (name) => {
        if (name === 'report_worker') await sleep(20);
        finished.push(name);
      },
    });
    await stop();
    await sleep(10 * EVERY_MS);
    expect(finished).toEqual(['report_worker', 'retire_worker']);
  });

  it('goes on through an outage of the database, and logs its beginning and its end alone', async () => {
    let isAway = true;
    let count = 0;
    const { log } = start({
      call: async () => {
        count += 1;
        if (isAway) throw new Error('away');
      },
    });
    await expect.poll(() => count).toBeGreaterThan(3);
    expect(log.warn).toHaveBeenCalledOnce();
    isAway = false;
    await expect.poll(() => log.info.mock.calls.length).toBe(1);
    expect(log.warn).toHaveBeenCalledOnce();
  });
});

describe('a call of the database by a worker', () => {
  async function answering(status: number) {
    const requests: { path: string | undefined; key: unknown; body: unknown }[] = [];
    const server = createServer((request, response) => {
      void text(request).then((body) => {
        requests.push({ path: request.url, key: request.headers['apikey'], body: JSON.parse(body) });
        response.writeHead(status).end();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => server.close().closeAllConnections());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return { requests, call: callWithServiceKey({ SUPABASE_URL: url, SUPABASE_SECRET_KEY: 'sb_secret_x' }) };
  }

  it('is made with the service key, also where the address ends in a slash', async () => {
    const { requests, call } = await answering(204);
    await call('retire_worker', { p_id: 'a' });
    expect(requests).toEqual([
      { path: '/rest/v1/rpc/retire_worker', key: 'sb_secret_x', body: { p_id: 'a' } },
    ]);
  });

  it('fails without the key in its message', async () => {
    const { call } = await answering(403);
    const failure = call('retire_worker', { p_id: 'a' });
    await expect(failure).rejects.toThrow('retire_worker failed with status 403');
    await expect(failure).rejects.not.toThrow('sb_secret_x');
  });
});

it.each([
  ['127.0.0.1', 'http://127.0.0.1:8081/'],
  ['0.0.0.0', 'http://127.0.0.1:8081/'],
  ['::', 'http://[::1]:8081/'],
  ['fdaa::3', 'http://[fdaa::3]:8081/'],
  ['worker.internal', 'http://worker.internal:8081/'],
])('a worker that listens on %s asks for its own health at %s', (host, url) => {
  expect(healthUrl(host, 8081)).toBe(url);
  expect(URL.canParse(url)).toBe(true);
});
