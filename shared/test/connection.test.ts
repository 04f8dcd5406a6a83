import { describe, expect, it } from 'vitest';
import { AppError } from '../src/contract/errors.ts';
import type { Admit } from '../src/engine/session/connection.ts';
import { connect, outcome, serve } from './support/connect.ts';
import { until } from './support/listen.ts';

describe('a healthy server', () => {
  it('is connected, listed and called', async () => {
    const server = await serve({ pageSize: 1 });
    const { connection, states, catalogs, ready } = connect(server);
    expect(connection.state.name).toBe('connecting');
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
    await ready();
    expect(states).toEqual(['discovering', 'ready']);
    expect(catalogs).toEqual([['echo', 'hang']]);
    expect(connection.facts).toMatchObject({ era: 'legacy', serverInfo: { name: 'fixture' } });
  });

  it('keeps the good tools of a list with bad ones', async () => {
    const server = await serve();
    server.tools = [
      { name: 'bad', inputSchema: 'no' },
      ...server.tools,
      { name: 'list', inputSchema: { type: 'array' } },
    ];
    const { connection, ready } = connect(server);
    await ready();
    expect(connection.catalog?.tools.map(({ name }) => name)).toEqual(['echo', 'hang']);
    expect(connection.catalog?.skipped.map(({ name }) => name)).toEqual(['bad', 'list']);
  });

  it('is listed again when it says that its tools changed, and refuses what is gone', async () => {
    const server = await serve();
    const { connection, catalogs, ready } = connect(server);
    await ready();
    server.tools = [{ name: 'new', inputSchema: { type: 'object' } }];
    await server.announceTools();
    await until(() => catalogs.length === 2, 'the new catalog');
    expect(catalogs[1]).toEqual(['new']);
    expect(await outcome(connection.call('new', {}))).toBe('new ran');
    expect(await outcome(connection.call('echo', {}))).toBe('tool_not_found');
    expect(server.ran).toEqual(['new']);
  });

  it('is not bothered with arguments that do not fit; they are corrected', async () => {
    const server = await serve();
    const properties = { n: { type: 'integer' } };
    server.tools = [{ name: 'echo', inputSchema: { type: 'object', oneOf: [{ properties }] } }];
    const { connection, ready } = connect(server);
    await ready();
    await expect(connection.call('echo', { n: 'one' })).rejects.toMatchObject({
      code: 'invalid_arguments',
      message: 'The argument "n" must be a whole number, not "one".',
    });
    expect(await outcome(connection.call('echo', { n: 1 }))).toBe('echo ran');
    expect(server.ran).toEqual(['echo']);
  });

  it('hears of a cancelled call, and of one that took too long', async () => {
    const server = await serve();
    const { connection, ready } = connect(server);
    await ready();
    const cancel = new AbortController();
    const call = outcome(connection.call('hang', {}, { signal: cancel.signal }));
    await until(() => server.ran.length === 1, 'the call to arrive');
    cancel.abort();
    expect(await call).toBe('cancelled');
    await until(() => server.cancelled === 1, 'the server to hear of it');
    expect(await outcome(connection.call('hang', {}, { timeoutMs: 100 }))).toBe('timeout');
    await until(() => server.cancelled === 2, 'the server to receive the cancellation');
    expect(connection.state.name).toBe('ready');
  });

  it('gets no more calls at a time than it can take; what exceeds the queue is refused by name', async () => {
    const server = await serve();
    const { connection, ready } = connect(server, { maxConcurrency: 1 });
    await ready();
    let running = 0;
    let most = 0;
    server.beforeAnswer = async () => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setTimeout(resolve, 2));
      running -= 1;
    };
    const waits: number[] = [];
    const onDequeued = (queueMs: number) => waits.push(queueMs);
    const calls = Array.from({ length: 18 }, () => outcome(connection.call('echo', {}, { onDequeued })));
    const outcomes = await Promise.all(calls);
    expect(outcomes.filter((one) => one === 'echo ran')).toHaveLength(17);
    expect(outcomes.at(-1)).toBe('queue_full');
    expect(most).toBe(1);
    expect(waits.at(-1)).toBeGreaterThan(waits[0] ?? 0);
  });

  it('ends its session; calls in flight fail with an error and no socket stays open', async () => {
    const server = await serve();
    const { connection, ready } = connect(server);
    await ready();
    const call = outcome(connection.call('hang', {}));
    await until(() => server.ran.length === 1, 'the call to arrive');
    await connection.close();
    expect(await call).toBe('cancelled');
    expect(server.goodbyes).toBe(1);
    expect(connection.state.name).toBe('closed');
    expect(await outcome(connection.call('echo', {}))).toBe('cancelled');
    await until(async () => (await server.connections()) === 0, 'the sockets to be closed');
  });
});

describe.each([404, 400] as const)('a server that forgot the session and answers %i', (lostStatus) => {
  it('gets a new session and the call, once', async () => {
    const server = await serve({ lostStatus, isPlain: true });
    const { connection, ready, states } = connect(server);
    await ready();
    server.forgetSessions();
    const calls = [1, 2, 3].map(() => outcome(connection.call('echo', {})));
    expect(await Promise.all(calls)).toEqual(['echo ran', 'echo ran', 'echo ran']);
    expect(server.ran).toHaveLength(3);
    expect(server.sessions).toBe(2);
    expect(states).not.toContain('waiting');
  });
});

describe('a server that goes offline', () => {
  it('fails the call in flight at once, and is back by itself when it comes back', async () => {
    const first = await serve();
    const { connection, ready, states } = connect(first);
    await ready();
    const call = outcome(connection.call('hang', {}));
    await until(() => first.ran.length === 1, 'the call to arrive');
    const killedAt = performance.now();
    await first.stop();
    expect(await call).toBe('connection_lost');
    expect(performance.now() - killedAt).toBeLessThan(2_000);
    const codeOf = ({ state } = connection) => state.name === 'waiting' && state.error.code;
    await until(() => codeOf() === 'connection_refused', 'the connection to notice that nothing answers');

    const second = await serve({ port: first.port });
    await ready();
    expect(states.at(-1)).toBe('ready');
    // It was never sent again: nobody said that it may be.
    expect(second.ran).toEqual([]);
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
  });

  it('is noticed also when it has no stream and nobody calls: the next call finds the new one', async () => {
    const first = await serve({ isPlain: true });
    const { connection, ready } = connect(first);
    await ready();
    await first.stop();
    await serve({ port: first.port, isPlain: true });
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
  });

  it('is tried at once by a call, which waits for it', async () => {
    const first = await serve();
    const { connection, ready } = connect(first);
    await ready();
    await first.stop();
    await until(() => connection.state.name === 'waiting', 'the connection to notice');
    const call = outcome(connection.call('echo', {}));
    await serve({ port: first.port });
    expect(await call).toBe('echo ran');
  });

  it('that stays offline fails the call with the reason before its timeout', async () => {
    const server = await serve();
    const { connection, ready } = connect(server, { callTimeoutMs: 60_000 });
    await ready();
    await server.stop();
    await until(() => connection.state.name === 'waiting', 'the connection to notice');
    const startedAt = performance.now();
    expect(await outcome(connection.call('echo', {}))).toBe('connection_refused');
    expect(performance.now() - startedAt).toBeLessThan(6_000);
  });

  it.each([
    ['is not sent again', false, 'connection_lost', ['echo']],
    ['is sent once more when it is repeatable', true, 'echo ran', ['echo', 'echo']],
  ])('while it worked: the call %s', async (_what, repeatable, expected, ran) => {
    const server = await serve({ isPlain: true });
    const { connection, ready } = connect(server);
    await ready();
    let isFirst = true;
    server.beforeAnswer = () => {
      if (isFirst) server.cutSockets();
      isFirst = false;
    };
    expect(await outcome(connection.call('echo', {}, { repeatable }))).toBe(expected);
    expect(server.ran).toEqual(ran);
  });
});

describe('a stream that is cut while nothing happens', () => {
  it('is not a disconnect, and notifications still arrive', async () => {
    const server = await serve();
    const { connection, states, catalogs, ready } = connect(server);
    await ready();
    await until(() => server.openStreams() === 1, 'the stream');
    server.cutStreams();
    await until(() => server.openStreams() === 1, 'the stream to be opened again');
    server.tools = [{ name: 'new', inputSchema: { type: 'object' } }];
    await server.announceTools();
    await until(() => catalogs.length === 2, 'the new catalog');
    expect(states).toEqual(['discovering', 'ready']);
    expect(connection.state.name).toBe('ready');
    expect(server.sessions).toBe(1);
  });
});

describe('a host that gets too many requests', () => {
  it('is left alone for as long as it should be, but for a call', async () => {
    const server = await serve();
    const asked: boolean[] = [];
    const admit: Admit = async (work, isAsked) => {
      asked.push(isAsked);
      if (!isAsked) throw new AppError('host_busy', { retryAfterMs: 60_000 });
      return work();
    };
    const { connection, states } = connect(server, {}, { admit });
    await until(() => connection.state.name === 'waiting', 'the connection to wait');
    expect(server.sessions).toBe(0);
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
    expect(asked).toEqual([false, true]);
    expect(states.slice(0, 2)).toEqual(['waiting', 'connecting']);
  });
});
