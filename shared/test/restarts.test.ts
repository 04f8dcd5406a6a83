/** Servers that die and come back on the same port, in both eras. */
import { describe, expect, it } from 'vitest';
import { connect, ERAS, outcome, serveEra } from './support/connect.ts';
import { listen, until } from './support/listen.ts';

describe.each(ERAS)('a server (%s) that is killed', (era) => {
  it('in a call: the call fails at once, is not sent again, and the next one finds the new server', async () => {
    const first = await serveEra(era);
    const { connection, ready } = connect(first);
    await ready();
    const calls = [1, 2, 3].map(() => outcome(connection.call('hang', {})));
    await until(() => first.ran.length === 3, 'the calls to arrive');
    await first.stop();
    expect(await Promise.all(calls)).toEqual(['connection_lost', 'connection_lost', 'connection_lost']);
    const second = await serveEra(era, { port: first.port });
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
    expect(second.ran).toEqual(['echo']);
  });

  it('in a call that may be repeated: it is sent once more, to the new server', async () => {
    const first = await serveEra(era);
    const { connection, ready } = connect(first);
    await ready();
    first.beforeAnswer = () => new Promise(() => {});
    const call = outcome(connection.call('echo', {}, { repeatable: true }));
    await until(() => first.ran.length === 1, 'the call to arrive');
    await first.stop();
    const second = await serveEra(era, { port: first.port });
    expect(await call).toBe('echo ran');
    expect(second.ran).toEqual(['echo']);
  });

  it('again and again: each time the first call that may be repeated works, and no socket is left', async () => {
    let server = await serveEra(era);
    const { connection, ready } = connect(server);
    await ready();
    for (let round = 0; round < 5; round += 1) {
      const { port } = server;
      await server.stop();
      server = await serveEra(era, { port });
      // Sent on a socket whose end was not heard of yet, a call may have run: only such a one is sent again.
      expect(await outcome(connection.call('echo', {}, { repeatable: true }))).toBe('echo ran');
      expect(server.ran).toEqual(['echo']);
    }
    await ready();
    await connection.close();
    await until(async () => (await server.connections()) === 0, 'the sockets to be closed');
  });

  it('is used by the very next call when it is back, however many failed before', async () => {
    const first = await serveEra(era);
    const { connection, ready } = connect(first);
    await ready();
    await first.stop();
    for (let call = 0; call < 7; call += 1)
      expect(await outcome(connection.call('echo', {}))).toBe('connection_refused');
    const second = await serveEra(era, { port: first.port });
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
    expect(second.ran).toEqual(['echo']);
  });

  it('is used by the very next call, also where timers ring before the clock says so', async () => {
    const first = await serveEra(era);
    const startedAt = Date.now();
    const { connection, ready } = connect(
      first,
      {},
      { now: () => startedAt + (Date.now() - startedAt) * 0.9 },
    );
    await ready();
    await first.stop();
    for (let call = 0; call < 6; call += 1)
      expect(await outcome(connection.call('echo', {}))).toBe('connection_refused');
    await serveEra(era, { port: first.port });
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
  });

  it('is used by a call that came while an older attempt was failing', async () => {
    const first = await serveEra(era);
    const { connection, ready } = connect(first);
    await ready();
    await first.stop();
    for (let call = 0; call < 6; call += 1)
      expect(await outcome(connection.call('echo', {}))).toBe('connection_refused');
    const silent = await listen(() => {}, first.port);
    const early = outcome(connection.call('echo', {}));
    await until(async () => (await silent.connections()) === 1, 'an attempt');
    const late = outcome(connection.call('echo', {}));
    await silent.stop();
    await serveEra(era, { port: first.port });
    expect([await early, await late]).toEqual(['connection_lost', 'echo ran']);
  });

  it('and comes back with other tools: they are known without a call', async () => {
    const first = await serveEra(era);
    const { catalogs, connection, ready } = connect(first);
    await ready();
    await first.stop();
    await until(() => connection.state.name === 'waiting', 'the connection to notice');
    const second = await serveEra(era, { port: first.port });
    second.tools = [{ name: 'other', inputSchema: { type: 'object' } }];
    connection.wake();
    await until(() => catalogs.length === 2, 'the new list');
    expect(catalogs[1]).toEqual(['other']);
  });

  it('while all its sockets are in use: every call is answered, or fails by name, once', async () => {
    const server = await serveEra(era);
    const { connection, ready } = connect(server, { maxConcurrency: 8 });
    await ready();
    let answered = 0;
    server.beforeAnswer = () => {
      if ((answered += 1) % 10 === 0) server.cutSockets();
    };
    const calls = Array.from({ length: 100 }, () => outcome(connection.call('echo', {})));
    const outcomes = await Promise.all(calls);
    expect(new Set(outcomes)).toEqual(new Set(['echo ran', 'connection_lost']));
    // No call was run twice, and none that is said to have run did not.
    expect(server.ran.length).toBeLessThanOrEqual(100);
    expect(server.ran.length).toBeGreaterThanOrEqual(outcomes.filter((one) => one === 'echo ran').length);
  });
});
