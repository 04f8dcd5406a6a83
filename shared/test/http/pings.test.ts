/** Servers that cannot answer a ping: any response shows that they are there. */
import { describe, expect, it } from 'vitest';
import { lightProbe } from '../../src/engine/probe/probe.ts';
import { connectOnFakeClock, MINUTE_MS, pass, untilReady } from '../support/fake-clock.ts';
import { serveScript } from '../support/connect.ts';
import type { ScriptedRequest } from '../support/scripted-server.ts';

describe('a server that cannot answer a ping', () => {
  const answers: Record<string, (request: ScriptedRequest) => void> = {
    '405': ({ send }) => send(405, 'no'),
    '404': ({ send }) => send(404, 'no'),
    '400 with an error': ({ send, error }) => send(400, error(-32_601, 'Method not found')),
    '500': ({ send }) => send(500, 'no'),
    '502': ({ send }) => send(502, '<html>', { 'content-type': 'text/html' }),
    '503': ({ send }) => send(503, 'no'),
    '429': ({ send }) => send(429, 'no'),
    '403': ({ send }) => send(403, 'no'),
    '202': ({ response }) => response.writeHead(202).end(),
    '204': ({ response }) => response.writeHead(204).end(),
    'a page': ({ send }) => send(200, '<html>', { 'content-type': 'text/html' }),
    garbage: ({ send }) => send(200, '{{{'),
    'an error': ({ send, error }) => send(200, error(-32_601, 'Method not found')),
    'an error without an id': ({ send }) =>
      send(200, { jsonrpc: '2.0', error: { code: -32_601, message: 'Method not found' } }),
    'an empty stream': ({ send }) => send(200, '', { 'content-type': 'text/event-stream' }),
    silence: () => {},
  };

  const script = (name: string) => (request: ScriptedRequest) => {
    if (request.what !== 'ping') return false;
    answers[name]?.(request);
    return true;
  };

  it.each(Object.keys(answers))('(%s) keeps its session', async (name) => {
    const server = await serveScript(script(name));
    const { connection, states } = await untilReady(connectOnFakeClock(server.url));
    await pass(MINUTE_MS);
    expect(server.seen.ping).toBeGreaterThan(1);
    expect(server.seen.initialize).toBe(1);
    expect(server.seen['tools/list']).toBeLessThan(7);
    expect(states).toEqual(['discovering', 'ready']);
    expect(connection.state.name).toBe('ready');
  });

  it.each(Object.keys(answers))('(%s) is healthy for the monitor', async (name) => {
    const server = await serveScript(script(name));
    const target = { url: server.url, transport: 'auto', credential: { method: 'none' } } as const;
    const result = await lightProbe(target, { policy: 'local', timeoutMs: 3_000 });
    expect(result).toMatchObject({ ok: true });
  });
});
