/** What a server can provoke: requests are counted over a minute of a fake clock. */
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { cleanups, serveScript } from '../support/connect.ts';
import { connectOnFakeClock, MINUTE_MS, pass, untilReady } from '../support/fake-clock.ts';
import { hello, openStream, type ScriptedRequest } from '../support/scripted-server.ts';
import { startStatelessServer } from '../support/stateless-server.ts';

describe('a server that announces changed tools after every list', () => {
  it('is listed a few times a minute', async () => {
    let stream: ServerResponse | undefined;
    const announce = () =>
      stream?.write(
        `data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })}\n\n`,
      );
    const server = await serveScript((request) => {
      const { what, response, send, result } = request;
      if (what === 'initialize') hello(request, { tools: { listChanged: true } });
      else if (what === 'GET') openStream((stream = response));
      else if (what === 'tools/list') {
        send(200, result({ tools: [{ name: 'echo', inputSchema: { type: 'object' } }] }));
        setImmediate(announce);
      } else return false;
      return true;
    });
    const { connection } = await untilReady(connectOnFakeClock(server.url));
    announce();
    await pass(MINUTE_MS);
    expect(server.seen['tools/list']).toBeGreaterThan(3);
    expect(server.seen['tools/list']).toBeLessThan(10);
    expect(connection.state.name).toBe('ready');
  });
});

describe('a server that promised to announce changes', () => {
  it('and does not: the change is noticed within a minute', async () => {
    const tools = [{ name: 'echo', inputSchema: { type: 'object' } }];
    const server = await serveScript((request) => {
      if (request.what === 'initialize') hello(request, { tools: { listChanged: true } });
      else if (request.what === 'GET') openStream(request.response);
      else if (request.what === 'tools/list') request.send(200, request.result({ tools }));
      else return false;
      return true;
    });
    const { catalogs } = await untilReady(connectOnFakeClock(server.url));
    tools.push({ name: 'late', inputSchema: { type: 'object' } });
    await pass(MINUTE_MS + 1_000);
    expect(catalogs.at(-1)).toEqual(['echo', 'late']);
    expect(server.seen['tools/list']).toBe(2);
  });
});

it('a list that takes longer than a minute is not followed by another at once', async () => {
  const server = await serveScript(({ what, send, result }) => {
    if (what !== 'tools/list' || server.seen['tools/list'] === 1) return false;
    setTimeout(() => send(200, result({ tools: [] })), 70_000);
    return true;
  });
  const { connection } = await untilReady(connectOnFakeClock(server.url));
  await pass(2.5 * MINUTE_MS);
  expect(server.seen['tools/list']).toBe(2);
  expect(connection.catalog?.tools).toEqual([]);
});

describe('a GET for a stream', () => {
  it.each<[string, (request: ScriptedRequest) => void, number]>([
    ['a page', ({ send }) => send(200, '<html>', { 'content-type': 'text/html' }), 1],
    ['JSON', ({ send }) => send(200, '{}'), 1],
    ['nothing (204)', ({ response }) => response.writeHead(204).end(), 1],
    ['accepted (202)', ({ response }) => response.writeHead(202).end(), 1],
    ['not found', ({ send }) => send(404, ''), 1],
    ['an error', ({ send }) => send(500, ''), 1],
    ['a stream that ends at once', ({ send }) => send(200, '', { 'content-type': 'text/event-stream' }), 12],
    [
      'a stream that ends at once and asks to come back at once',
      ({ send }) => send(200, 'retry: 0\n\n', { 'content-type': 'text/event-stream' }),
      12,
    ],
    [
      'a stream that is cut at once',
      ({ response }) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(': hello\n\n', () => response.destroy());
      },
      12,
    ],
  ])('that is answered with %s is sent at most a few times a minute', async (_what, answer, most) => {
    const server = await serveScript((request) => {
      if (request.what !== 'GET') return false;
      answer(request);
      return true;
    });
    const { connection } = await untilReady(connectOnFakeClock(server.url));
    await pass(MINUTE_MS);
    expect(server.seen.GET).toBeGreaterThan(0);
    expect(server.seen.GET).toBeLessThanOrEqual(most);
    expect(server.seen['tools/list']).toBeLessThan(10);
    expect(server.seen.initialize).toBe(1);
    expect(connection.state.name).toBe('ready');
  });
});

describe('a server without sessions', () => {
  it.each(['ends', 'refuses'])('that %s subscriptions gets a few a minute', async (how) => {
    let subscriptions = 0;
    let lists = 0;
    const server = await startStatelessServer({
      intercept: (_request, response, message) => {
        if (message.method === 'tools/list') lists += 1;
        if (message.method !== 'subscriptions/listen') return false;
        subscriptions += 1;
        const acknowledged = {
          jsonrpc: '2.0',
          method: 'notifications/subscriptions/acknowledged',
          params: { _meta: { 'io.modelcontextprotocol/subscriptionId': message.id }, notifications: {} },
        };
        if (how === 'refuses') response.writeHead(500).end();
        else
          response
            .writeHead(200, { 'content-type': 'text/event-stream' })
            .end(`data: ${JSON.stringify(acknowledged)}\n\n`);
        return true;
      },
    });
    cleanups.push(() => server.stop());
    const { connection } = await untilReady(connectOnFakeClock(server.url));
    await pass(MINUTE_MS);
    expect(subscriptions).toBeGreaterThan(0);
    expect(subscriptions).toBeLessThan(9);
    expect(lists).toBeLessThan(10);
    expect(connection.state.name).toBe('ready');
  });
});

describe('a server that loses every session at once', () => {
  it.each([404, 400])('(%i) is asked for a few a minute', async (status) => {
    const server = await serveScript(({ what, send }) => {
      if (what !== 'tools/list') return false;
      send(status, { jsonrpc: '2.0', id: null, error: { code: -32_001, message: 'Session not found' } });
      return true;
    });
    connectOnFakeClock(server.url);
    await pass(4 * MINUTE_MS);
    expect(server.seen.initialize).toBeGreaterThan(5);
    expect(server.seen.initialize).toBeLessThan(16);
  });
});
