/** Error statuses: what a call costs, what is said of it, and what goes on. Calls are counted on the server. */
import { describe, expect, it } from 'vitest';
import type { AppError } from '../src/errors.ts';
import type { Connection } from '../src/mcp/connection.ts';
import { probe } from '../src/mcp/probe.ts';
import { cleanups, connect, outcome } from './connect.ts';
import { until } from './listen.ts';
import { SESSION_ID, startScriptedServer, type ScriptedRequest } from './scripted-server.ts';

async function serve(script: (request: ScriptedRequest) => boolean) {
  const server = await startScriptedServer(script);
  cleanups.push(() => server.stop());
  return server;
}

/** A server that answers calls of `echo` as the script says. */
const serveCalls = (script: (request: ScriptedRequest) => void) =>
  serve((request) => {
    if (request.what !== 'tools/call' || request.params.name !== 'echo') return false;
    script(request);
    return true;
  });

const failure = (call: ReturnType<Connection['call']>): Promise<AppError> =>
  call.then(
    () => expect.fail('The call went well.'),
    (error: AppError) => error,
  );

describe.each([400, 401, 403, 404, 405, 409, 422, 500, 501, 503])(
  'HTTP %i with a JSON-RPC error for our request',
  (status) => {
    it('is the answer to the call: made once, in the words of the server, and nothing else changes', async () => {
      const server = await serveCalls(({ send, error }) => send(status, error(-32_000, 'The moon is full')));
      const { connection, ready, states } = connect(server, { credential: { method: 'bearer_token', secret: 'my-secret' } }); // prettier-ignore
      await ready();
      for (let round = 1; round <= 2; round += 1) {
        expect(await failure(connection.call('echo', {}, { repeatable: true }))).toMatchObject({
          code: 'call_rejected',
          message: 'The server answered: The moon is full.',
          said: 'The moon is full',
          retryable: false,
        });
        expect(server.seen['tools/call']).toBe(round);
      }
      expect(await outcome(connection.call('other', {}))).toBe('other ran');
      expect(states).toEqual(['discovering', 'ready']);
      expect(server.seen.initialize).toBe(1);
    });
  },
);

it.each([
  ['the id as text', (id: unknown) => ({ id: String(id) })],
  ['id null', () => ({ id: null })],
  ['an id of its own', () => ({ id: 'server-error' })],
  ['no id', () => ({})],
])('an error status with a JSON-RPC error and %s is the answer, too', async (_what, idOf) => {
  const server = await serveCalls(({ id, send }) =>
    send(400, { jsonrpc: '2.0', ...idOf(id), error: { code: -32_602, message: 'Unknown value for x' } }),
  );
  const { connection, ready, states } = connect(server);
  await ready();
  const { code, message } = await failure(connection.call('echo', {}));
  expect([code, message]).toEqual(['invalid_arguments', 'The server answered: Unknown value for x.']);
  expect([server.seen['tools/call'], states.at(-1)]).toEqual([1, 'ready']);
});

it.each([
  ['id null', { id: null }],
  ['no id', {}],
])('HTTP 404 with a JSON-RPC error of its own and %s does not end the session', async (_what, id) => {
  const server = await serveCalls(({ send }) =>
    send(404, { jsonrpc: '2.0', ...id, error: { code: -32_000, message: 'No customer 42' } }),
  );
  const { connection, ready } = connect(server);
  await ready();
  expect(await failure(connection.call('echo', {}))).toMatchObject({ code: 'call_rejected', said: 'No customer 42' }); // prettier-ignore
  expect(server.seen).toMatchObject({ 'tools/call': 1, initialize: 1 });
});

it('a session that is unknown in words only, with HTTP 200, costs one call', async () => {
  const server = await serve(({ what, error, send }) => {
    const isLost = server.seen.initialize === 1 && server.seen['tools/call'] !== undefined;
    const isRefused = isLost && what.startsWith('tools/');
    if (isRefused) send(200, error(-32_001, 'Session not found'));
    return isRefused;
  });
  const { connection, ready } = connect(server);
  await ready();
  expect(await failure(connection.call('echo', {}))).toMatchObject({ code: 'call_rejected' });
  await until(() => server.seen.initialize === 2, 'a new session');
  await until(() => connection.state.name === 'ready', 'the tools');
  expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
  expect(server.seen['tools/call']).toBe(2);
});

it.each([202, 400, 401, 404, 422, 500])('HTTP %i with a result is the answer, too', async (status) => {
  const server = await serveCalls(({ send, result }) =>
    send(status, result({ content: [{ type: 'text', text: 'No customer 42' }], isError: true })),
  );
  const { connection, ready } = connect(server);
  await ready();
  expect(await connection.call('echo', {})).toMatchObject({ isError: true, text: 'No customer 42' });
  expect(server.seen).toMatchObject({ 'tools/call': 1, initialize: 1 });
});

it('an error status with an event stream: its error is the answer', async () => {
  const server = await serveCalls(({ send, error }) =>
    send(400, `event: message\ndata: ${JSON.stringify(error(-32_000, 'No'))}\n\n`, {
      'content-type': 'text/event-stream',
    }),
  );
  const { connection, ready } = connect(server);
  await ready();
  expect(await failure(connection.call('echo', {}))).toMatchObject({ code: 'call_rejected', said: 'No' });
});

describe.each([
  [400, 'request_rejected'],
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [422, 'request_rejected'],
  [500, 'server_error'],
] as const)('HTTP %i with a plain body for one tool', (status, code) => {
  it('costs that call, with the reason; the other tools stay', async () => {
    const server = await serveCalls(({ send }) =>
      send(status, '<h1>Not\tfor you</h1>', { 'content-type': 'text/html' }),
    );
    const { connection, ready, states } = connect(server);
    await ready();
    const error = await failure(connection.call('echo', {}, { repeatable: true }));
    expect(error).toMatchObject({ code, said: 'Not for you' });
    expect(error.message).toMatch(/ It said: Not for you\.$/);
    expect(await outcome(connection.call('other', {}))).toBe('other ran');
    expect(server.seen['tools/call']).toBe(2);
    expect(states).toEqual(['discovering', 'ready']);
    expect(server.seen.initialize).toBe(1);
  });
});

it('a call that is refused like everything else shows that the credential is no good any more', async () => {
  let isRevoked = false;
  const server = await serve(({ send }) => {
    if (isRevoked) send(401, '{"error":"token revoked"}');
    return isRevoked;
  });
  const { connection, ready } = connect(server);
  await ready();
  isRevoked = true;
  expect(await failure(connection.call('echo', {}))).toMatchObject({ code: 'unauthorized' });
  await until(() => connection.state.name === 'needs_credentials', 'the list to be refused');
  expect(connection.state).toMatchObject({ error: { said: 'token revoked' } });
});

describe('a session that the server has forgotten', () => {
  it.each([
    [404, { jsonrpc: '2.0', id: null, error: { code: -32_001, message: 'Session not found' } }],
    [404, 'session not found'],
    [404, ''],
    [
      400,
      {
        jsonrpc: '2.0',
        id: null,
        error: { code: -32_000, message: 'Bad Request: No valid session ID provided' },
      },
    ],
    [401, 'Unauthorized: Session not found'],
  ])('is opened again, and the call is made once more: %i %j', async (status, body) => {
    let isForgotten = false;
    const server = await serve(({ what, send }) => {
      if (what === 'initialize') isForgotten = false;
      if (isForgotten) send(status, body);
      return isForgotten;
    });
    const { connection, ready, states } = connect(server);
    await ready();
    isForgotten = true;
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
    expect([server.seen['tools/call'], server.seen.initialize]).toEqual([2, 2]);
    expect(states).not.toContain('waiting');
  });

  it('also where the error has the id of the request', async () => {
    let isForgotten = false;
    const server = await serve(({ what, send, error }) => {
      if (what === 'initialize') isForgotten = false;
      if (isForgotten) send(400, error(-32_000, 'Bad Request: No valid session ID provided'));
      return isForgotten;
    });
    const { connection, ready } = connect(server);
    await ready();
    isForgotten = true;
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
  });

  it('and that it rejects again and again is reported as such', async () => {
    const server = await serveCalls(({ send }) => send(404, 'Session not found'));
    const { connection, ready } = connect(server);
    await ready();
    const error = await failure(connection.call('echo', {}));
    expect(error.code).toBe('session_rejected');
    expect(error.message).toContain('Session not found');
    expect([server.seen['tools/call'], server.seen.initialize]).toEqual([2, 2]);
    await until(() => connection.state.name === 'ready', 'the other tools to be of use');
  });

  it('and that never worked is named by a test of the server', async () => {
    const server = await serve(({ what, send }) => {
      if (what === 'tools/list') send(404, { error: 'Session not found' });
      return what === 'tools/list';
    });
    const target = { url: server.url, transport: 'auto', credential: { method: 'none' } } as const;
    expect(await probe(target, { policy: 'local' })).toMatchObject({ ok: false, code: 'session_rejected' });
  });
});

it.each([400, 404, 405, 500])(
  'a server that rejects notifications with %i is used all the same',
  async (status) => {
    const server = await serve(({ what, send }) => {
      if (what.startsWith('notifications/')) send(status, 'No id');
      return what.startsWith('notifications/');
    });
    const { connection, ready } = connect(server);
    await ready();
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
  },
);

describe('what a server wants back with each request', () => {
  it('is the cookie of its load balancer, for one session', async () => {
    let machine = 0;
    const server = await serve(({ what, http, send, result }) => {
      if (what === 'server/discover') return false;
      if (what === 'initialize') {
        machine += 1;
        const hello = { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'x', version: '1' } }; // prettier-ignore
        send(200, result(hello), {
          'mcp-session-id': SESSION_ID,
          'set-cookie': [`route=m${machine}; Path=/; HttpOnly`, 'other=1; Path=/elsewhere'],
        });
        return true;
      }
      if (http.headers.cookie === `route=m${machine}`) return false;
      send(404, 'Session not found');
      return true;
    });
    const { connection, ready } = connect(server);
    await ready();
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
    await connection.close();
    expect(server.headers('DELETE').map(({ cookie }) => cookie)).toEqual(['route=m1']);
    const second = connect(server);
    await second.ready();
    // Another session begins without the cookies of the first.
    expect(server.headers('initialize').map(({ cookie }) => cookie)).toEqual([undefined, undefined]);
  });

  it.each([
    ['changes', { 'mcp-session-id': 'session-0001' }],
    ['sends late', {}],
  ])('is a session id that it %s', async (_what, first) => {
    const server = await serve(({ what, http, send, result, error }) => {
      if (what === 'initialize') {
        const hello = { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'x', version: '1' } }; // prettier-ignore
        send(200, result(hello), first);
        return true;
      }
      if (what === 'tools/list') {
        send(200, result({ tools: [{ name: 'echo', inputSchema: { type: 'object' } }] }), { 'mcp-session-id': 'session-0002' }); // prettier-ignore
        return true;
      }
      if (what !== 'tools/call' || http.headers['mcp-session-id'] === 'session-0002') return false;
      send(404, error(-32_000, 'Session not found'));
      return true;
    });
    const { connection, ready } = connect(server);
    await ready();
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
    await connection.close();
    expect([server.seen.initialize, server.seen['tools/call']]).toEqual([1, 1]);
    expect(server.headers('DELETE').map((headers) => headers['mcp-session-id'])).toEqual(['session-0002']);
  });
});

describe('the reason of the server', () => {
  const probed = async (status: number, body: string, secret = 'my-secret-key') => {
    const server = await serve(({ http, send }) => {
      send(status, body.replace('{key}', String(http.headers['x-key'])), { 'content-type': 'text/plain' });
      return true;
    });
    const credential = { method: 'api_key', header: 'X-Key', secret } as const;
    return probe({ url: server.url, transport: 'streamable_http', credential }, { policy: 'local' });
  };

  it.each([
    [400, 'request_rejected'],
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'not_found'],
    [422, 'request_rejected'],
    [500, 'server_error'],
    [502, 'server_error'],
    [503, 'server_error'],
    [429, 'rate_limited'],
  ])('of a %i is passed on', async (status, code) => {
    const result = await probed(status, 'Only on Sundays');
    expect(result).toMatchObject({
      ok: false,
      code,
      message: expect.stringContaining('Only on Sundays') as string,
    });
  });

  it('does not give away our key', async () => {
    const result = await probed(401, 'The key {key} is unknown');
    expect(result).toMatchObject({
      message: expect.stringContaining('The key [hidden] is unknown') as string,
    });
  });

  it.each([
    [403, 'Access is only allowed at localhost:8931'],
    [421, 'Invalid Host header'],
  ])('for a rejected Host header is no matter of the credential: %i', async (status, body) => {
    expect(await probed(status, body)).toMatchObject({ code: 'host_rejected', phase: 'connect' });
  });

  it('for a rejected Host header does not keep a connection from trying again', async () => {
    let isRejected = true;
    const server = await serve(({ send }) => {
      if (isRejected) send(403, 'Forbidden: Host header is not allowed');
      return isRejected;
    });
    const { connection, ready } = connect(server);
    await until(() => connection.state.name === 'waiting', 'the refusal');
    expect(connection.state).toMatchObject({ error: { code: 'host_rejected' } });
    isRejected = false;
    await ready();
  });

  it('is read also from a body that never ends', async () => {
    const server = await serve(({ response }) => {
      response.writeHead(500, { 'content-type': 'text/plain' }).write('Still thinking');
      return true;
    });
    const target = { url: server.url, transport: 'streamable_http', credential: { method: 'none' } } as const;
    const result = await probe(target, { policy: 'local', timeoutMs: 9_000 });
    expect(result).toMatchObject({
      code: 'server_error',
      message: expect.stringContaining('Still thinking') as string,
    });
  });
});

describe('a page in place of an answer', () => {
  const page = (title: string, body = '') =>
    `<html><head><title>${title}</title></head><body>${body}</body></html>`;

  it.each([
    [page('Sign in to Acme'), 'login_page', 'Sign in to Acme'],
    [page('Acme', '<form><input name=p type="password"></form>'), 'login_page', 'Acme'],
    [page('Acme Weather'), 'not_mcp', 'Acme Weather'],
  ])('is told by what it shows', async (body, code, title) => {
    const server = await serve(({ send }) => (send(200, body, { 'content-type': 'text/html' }), true));
    const target = { url: server.url, transport: 'streamable_http', credential: { method: 'none' } } as const;
    expect(await probe(target, { policy: 'local' })).toMatchObject({
      code,
      message: expect.stringContaining(title) as string,
    });
  });
});
