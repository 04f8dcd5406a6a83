/** Which protocol a server speaks: found out whatever the first question is answered with. */
import { describe, expect, it } from 'vitest';
import { probe } from '../src/engine/probe/probe.ts';
import { STATELESS_VERSION } from '../src/engine/session/protocol-versions.ts';
import type { ServerTarget } from '../src/engine/session/target.ts';
import { cleanups, connect, outcome, serveScript } from './support/connect.ts';
import { listen } from './support/listen.ts';
import type { ScriptedRequest } from './support/scripted-server.ts';
import { startStatelessServer } from './support/stateless-server.ts';

const test = (url: string, changes: Partial<ServerTarget> = {}) =>
  probe({ url, transport: 'auto', credential: { method: 'none' }, ...changes }, { policy: 'local' });

/** What a server with sessions may answer to `server/discover`. */
const ODD: Record<string, (request: ScriptedRequest) => unknown> = {
  'HTTP 500': ({ send }) => send(500, 'oops'),
  'HTTP 502 with a page': ({ send }) => send(502, '<html>', { 'content-type': 'text/html' }),
  'HTTP 503': ({ send }) => send(503, 'later'),
  'HTTP 403': ({ send }) => send(403, 'not allowed'),
  'HTTP 401, without a credential': ({ send }) => send(401, ''),
  'HTTP 404': ({ send }) => send(404, ''),
  'HTTP 202': ({ response }) => response.writeHead(202).end(),
  'HTTP 204': ({ response }) => response.writeHead(204).end(),
  'a page': ({ send }) => send(200, '<html>', { 'content-type': 'text/html' }),
  'an empty body': ({ send }) => send(200, ''),
  garbage: ({ send }) => send(200, '{{{'),
  'an empty event stream': ({ send }) => send(200, '', { 'content-type': 'text/event-stream' }),
  'a dropped socket': ({ response }) => response.destroy(),
  'half an answer': ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"jsonrpc":', () => response.destroy());
  },
  'an error whose id is null': ({ send }) =>
    send(200, { jsonrpc: '2.0', id: null, error: { code: -32_600, message: 'Call initialize first' } }),
  'an error without an id': ({ send }) =>
    send(200, { jsonrpc: '2.0', error: { code: -32_600, message: 'Call initialize first' } }),
  'an unknown method': ({ send, error }) => send(200, error(-32_601, 'Method not found')),
  'an error of its own': ({ send, error }) => send(200, error(-31_999, 'Not initialized')),
  'HTTP 400 with an error': ({ send, error }) => send(400, error(-32_000, 'No valid session')),
  'an unreadable result': ({ send, result }) => send(200, result({ hello: 1 })),
  silence: () => {},
};

describe('a server with sessions that answers the probe of the newer era with', () => {
  it.each(Object.keys(ODD))('%s is used all the same', async (name) => {
    const server = await serveScript((request) => {
      if (request.what !== 'server/discover') return false;
      ODD[name]?.(request);
      return true;
    });
    expect(await test(server.url)).toMatchObject({ ok: true, tools: [{ name: 'echo' }, { name: 'other' }] });
    expect(server.seen).toMatchObject({ 'server/discover': 1, initialize: 1 });
  });

  it('an error is not asked that again when it loses the session', async () => {
    let isLost = false;
    const server = await serveScript(({ what, send }) => {
      if (what === 'server/discover') send(500, 'oops');
      else if (what === 'tools/call' && !isLost) send(404, { error: 'Session not found' });
      else return false;
      isLost = what === 'tools/call';
      return true;
    });
    const { connection, ready } = connect(server);
    await ready();
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
    expect(server.seen).toMatchObject({ 'server/discover': 1, initialize: 2 });
  });
});

describe('a server that takes the notice of a session', () => {
  it.each<[string, (request: ScriptedRequest) => unknown]>([
    ['and never responds', () => {}],
    ['and cuts the connection', ({ response }) => response.destroy()],
    ['for a request that it rejects', ({ send }) => send(500, 'oops')],
  ])('%s is used all the same', async (_what, answer) => {
    const server = await serveScript((request) => {
      if (request.what === 'notifications/initialized') answer(request);
      return request.what === 'notifications/initialized';
    });
    expect(await test(server.url)).toMatchObject({ ok: true, tools: [{ name: 'echo' }, { name: 'other' }] });
  });
});

describe('a server that cannot be reached is not asked twice', () => {
  it('when it refuses connections', async () => {
    const { url, stop } = await listen(() => {});
    await stop();
    const startedAt = performance.now();
    expect(await test(url)).toMatchObject({ ok: false, code: 'connection_refused' });
    expect(performance.now() - startedAt).toBeLessThan(1_500);
  });

  it('nor when it refuses the credential', async () => {
    const server = await serveScript(({ send }) => (send(401, ''), true));
    const credential = { method: 'bearer_token', secret: 'wrong' } as const;
    expect(await test(server.url, { credential })).toMatchObject({ ok: false, code: 'unauthorized' });
    expect(server.seen).toEqual({ 'server/discover': 1 });
  });

  it('and one that is silent costs the time of one open', async () => {
    const { url, stop } = await listen(() => {});
    cleanups.push(stop);
    const startedAt = performance.now();
    const result = await probe(
      { url, transport: 'auto', credential: { method: 'none' } },
      { policy: 'local', timeoutMs: 1_000 },
    );
    expect(result).toMatchObject({ ok: false, code: 'timeout' });
    expect(performance.now() - startedAt).toBeLessThan(2_500);
  });
});

describe('the era that the user pinned', () => {
  it('sessions: no other question is asked', async () => {
    const server = await serveScript(() => false);
    expect(await test(server.url, { protocolEra: 'sessions' })).toMatchObject({ ok: true });
    expect(server.seen['server/discover']).toBeUndefined();
  });

  it('stateless: initialize is never sent, and a server with sessions is named as such', async () => {
    const server = await serveScript(() => false);
    expect(await test(server.url, { protocolEra: 'stateless' })).toMatchObject({
      ok: false,
      code: 'unsupported_version',
      message: expect.stringContaining(STATELESS_VERSION) as string,
    });
    expect(server.seen).toEqual({ 'server/discover': 1 });
  });

  it.each([
    ['stateless', true],
    ['sessions', false],
  ] as const)('%s, of a server without sessions', async (protocolEra, ok) => {
    const server = await startStatelessServer();
    cleanups.push(() => server.stop());
    const result = await test(server.url, { protocolEra });
    expect(result.ok).toBe(ok);
    if (!ok)
      expect(result).toMatchObject({
        code: 'unsupported_version',
        message: expect.stringContaining(STATELESS_VERSION) as string,
      });
  });
});

describe('a server without sessions', () => {
  it.each(['HTTP 500', 'a dropped socket', 'silence'])(
    'that met its first question with %s is asked again when it says what it speaks',
    async (name) => {
      let asked = 0;
      const server = await startStatelessServer({
        intercept: (_request, response, { method }) => {
          if (method !== 'server/discover' || (asked += 1) > 1) return false;
          if (name === 'HTTP 500') response.writeHead(500).end();
          else if (name === 'a dropped socket') response.destroy();
          return true;
        },
      });
      cleanups.push(() => server.stop());
      expect(await test(server.url)).toMatchObject({ ok: true, protocol_version: STATELESS_VERSION });
      expect(asked).toBe(2);
    },
  );
});

it('input that a server requests in the middle of a call is said in a sentence', async () => {
  const server = await serveScript((request) => {
    const { what, send, result } = request;
    const done = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };
    if (what === 'server/discover')
      send(200, result({ ...done, supportedVersions: [STATELESS_VERSION], capabilities: { tools: {} } }));
    else if (what === 'tools/list')
      send(200, result({ ...done, tools: [{ name: 'echo', inputSchema: { type: 'object' } }] }));
    else if (what === 'tools/call') {
      const params = {
        mode: 'form',
        message: 'Your name?',
        requestedSchema: { type: 'object', properties: {} },
      };
      const inputRequests = { q: { method: 'elicitation/create', params } };
      send(200, result({ resultType: 'input_required', requestState: 'x', inputRequests }));
    } else return false;
    return true;
  });
  const { connection, ready } = connect(server);
  await ready();
  await expect(connection.call('echo', {})).rejects.toMatchObject({
    code: 'input_required',
    message: expect.stringContaining('Your name?') as string,
  });
  expect(server.seen['tools/call']).toBe(1);
  expect(await outcome(connection.call('echo', {}))).toBe('input_required');
  expect(connection.state.name).toBe('ready');
});
