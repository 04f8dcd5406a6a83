/** Error statuses: what a call costs, what is said of it, and what goes on. Calls are counted on the server. */
import { describe, expect, it } from 'vitest';
import { probe } from '../../src/engine/probe/probe.ts';
import { connect, outcome, serveScript } from '../support/connect.ts';
import { until } from '../support/listen.ts';
import { failure, serveCalls } from '../support/scripted-calls.ts';

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
          message: 'The server responded: The moon is full.',
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
  expect([code, message]).toEqual(['invalid_arguments', 'The server responded: Unknown value for x.']);
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
  const server = await serveScript(({ what, error, send }) => {
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
  [404, 'not_found'],
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
  const server = await serveScript(({ send }) => {
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
    const server = await serveScript(({ what, send }) => {
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
    const server = await serveScript(({ what, send, error }) => {
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
    const server = await serveScript(({ what, send }) => {
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
    const server = await serveScript(({ what, send }) => {
      if (what.startsWith('notifications/')) send(status, 'No id');
      return what.startsWith('notifications/');
    });
    const { connection, ready } = connect(server);
    await ready();
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
  },
);
