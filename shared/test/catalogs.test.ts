/** Lists of tools as they are found in the world. */
import { describe, expect, it } from 'vitest';
import { probe } from '../src/engine/probe/probe.ts';
import { connect, ERAS, outcome, serveEra, serveScript } from './support/connect.ts';
import { until } from './support/listen.ts';
import { tool } from './support/session-server.ts';

describe.each(ERAS)('the list of a server (%s)', (era) => {
  it('may be long: a thousand tools in ten pages', async () => {
    const server = await serveEra(era, { pageSize: 100 });
    server.tools = Array.from({ length: 1_000 }, (_, index) => tool(`tool-${index}`));
    const { connection, ready } = connect(server);
    await ready();
    expect(connection.catalog?.tools).toHaveLength(1_000);
    expect(server.pages).toBe(10);
    expect(await outcome(connection.call('tool-999', {}))).toBe('tool-999 ran');
  });

  it('may be heavy, but not without limit', async () => {
    const server = await serveEra(era);
    const heavy = (megabytes: number) => ({
      ...tool('heavy'),
      description: 'x'.repeat(megabytes * 1024 * 1024),
    });
    server.tools = [heavy(4)];
    const { ready } = connect(server);
    await ready();
    server.tools = [heavy(12)];
    const { connection } = connect(server);
    await until(() => connection.state.name === 'waiting', 'the refusal');
    expect(connection.state).toMatchObject({ error: { code: 'response_too_large' } });
  });

  it('without an end is cut: the tools that were found are used, and it is said', async () => {
    const server = await serveEra(era, { isEndless: true });
    const { connection } = connect(server);
    await until(() => connection.state.name === 'ready', 'the tools', 15_000);
    expect(connection.catalog?.tools).toHaveLength(100);
    expect(connection.catalog?.note).toContain('more than 100 pages');
    expect(server.pages).toBe(100);
    expect(await outcome(connection.call('tool-7', {}))).toBe('tool-7 ran');
  });

  it('with a name twice keeps the first of them', async () => {
    const server = await serveEra(era, { pageSize: 2 });
    server.tools = [tool('echo'), tool('other'), { ...tool('echo'), description: 'Not this one.' }];
    const { connection, ready } = connect(server);
    await ready();
    expect(connection.catalog?.tools.map(({ name }) => name)).toEqual(['echo', 'other']);
    expect(connection.catalog?.tools[0]?.description).toBe('Does echo.');
    expect(connection.catalog?.skipped).toEqual([{ name: 'echo', reason: expect.any(String) }]);
  });

  it('with bad tools loses those, with the reason', async () => {
    const bad = [
      null,
      'text',
      {},
      { name: 'no schema', inputSchema: 7 },
      { name: 'array', inputSchema: { type: 'array' } },
    ];
    const server = await serveEra(era);
    server.tools = [...bad, tool('echo')];
    const { connection, ready } = connect(server);
    await ready();
    expect(connection.catalog?.tools.map(({ name }) => name)).toEqual(['echo']);
    expect(connection.catalog?.skipped).toHaveLength(bad.length);
    expect(connection.catalog?.skipped.every(({ reason }) => reason !== '')).toBe(true);
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
  });

  it('may be empty', async () => {
    const server = await serveEra(era);
    server.tools = [];
    const { connection, ready } = connect(server);
    await ready();
    expect(connection.catalog).toEqual({ tools: [], skipped: [] });
    expect(await outcome(connection.call('echo', {}))).toBe('tool_not_found');
    expect(server.ran).toEqual([]);
  });
});

describe.each(ERAS)('a server (%s) whose tools change', (era) => {
  it('is listed again once for a storm of notifications, and is current after it', async () => {
    const server = await serveEra(era);
    const { connection, catalogs, ready, states } = connect(server);
    await ready();
    await until(() => server.openStreams() === 1, 'the notification stream');
    const before = server.pages;
    for (let round = 1; round <= 200; round += 1) {
      server.tools = [tool(`round-${round}`)];
      await server.announceTools();
    }
    await until(() => catalogs.at(-1)?.[0] === 'round-200', 'the last list');
    expect(server.pages - before).toBeLessThan(20);
    expect(await outcome(connection.call('round-200', {}))).toBe('round-200 ran');
    expect(states).toEqual(['discovering', 'ready']);
  });

  it('during a slow list is listed once more, and calls go on meanwhile', async () => {
    const server = await serveEra(era);
    const { connection, catalogs, ready } = connect(server);
    await ready();
    await until(() => server.openStreams() === 1, 'the notification stream');
    const asked = Promise.withResolvers<void>();
    const slow = Promise.withResolvers<void>();
    server.beforeList = () => {
      asked.resolve();
      server.beforeList = () => Promise.resolve(void (server.tools = [tool('echo'), tool('new')]));
      return slow.promise;
    };
    const before = server.pages;
    await server.announceTools();
    await asked.promise;
    await server.announceTools();
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
    slow.resolve();
    await until(() => catalogs.at(-1)?.includes('new') === true, 'the new tool');
    expect(server.pages - before).toBe(2);
  });
});

it('a list with an empty cursor ends there, and the test of the server says so', async () => {
  const server = await serveScript(({ what, send, result }) => {
    if (what === 'tools/list') send(200, result({ tools: [tool('one'), tool('two')], nextCursor: '' }));
    return what === 'tools/list';
  });
  expect(
    await probe({ url: server.url, transport: 'auto', credential: { method: 'none' } }, { policy: 'local' }),
  ).toMatchObject({
    ok: true,
    tools: [{ name: 'one' }, { name: 'two' }],
    note: expect.stringContaining('an empty cursor') as string,
  });
  expect(server.seen['tools/list']).toBe(1);
});
