/** What other systems of this kind lose, thing by thing: each is kept here. */
import { describe, expect, it } from 'vitest';
import { cleanups, connect, ERAS, outcome, serve, serveEra } from './support/connect.ts';
import { listen, until } from './support/listen.ts';
import { tool } from './support/session-server.ts';

describe('a lost session', () => {
  it.each([404, 400] as const)('(%i) is recovered by the very first call', async (lostStatus) => {
    const first = await serve({ lostStatus });
    const { connection, ready, states } = connect(first);
    await ready();
    first.forgetSessions();
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
    expect(first.ran).toEqual(['echo']);
    expect(states).not.toContain('waiting');
  });

  it.each([404, 400] as const)('(%i) of a server that was killed and restarted, too', async (lostStatus) => {
    const first = await serve({ lostStatus, isPlain: true });
    const { connection, ready } = connect(first);
    await ready();
    await first.stop();
    const second = await serve({ port: first.port, lostStatus, isPlain: true });
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
    expect(second.ran).toEqual(['echo']);
  });
});

describe.each(ERAS)('one bad schema in the list (%s)', (era) => {
  it('costs that tool, and no other', async () => {
    const server = await serveEra(era);
    server.tools = [
      tool('first'),
      { name: 'bad', inputSchema: 7 },
      { name: 'list', inputSchema: { type: 'array' } },
      tool('last'),
    ];
    const { connection, ready } = connect(server);
    await ready();
    expect(connection.catalog?.tools.map(({ name }) => name)).toEqual(['first', 'last']);
    expect(connection.catalog?.skipped.map(({ name }) => name)).toEqual(['bad', 'list']);
    expect(await outcome(connection.call('last', {}))).toBe('last ran');
  });
});

describe('a server that hangs at start', () => {
  it('does not slow down another', async () => {
    const hanging = await listen(() => {});
    cleanups.push(() => hanging.stop());
    const good = await serve();
    const stuck = connect(hanging);
    const { connection, ready } = connect(good);
    const startedAt = performance.now();
    await ready();
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(stuck.connection.state.name).toBe('connecting');
  });

  it('nor do twenty of them, nor the list of one that hangs', async () => {
    const hanging = await listen(() => {});
    cleanups.push(() => hanging.stop());
    const stuck = Array.from({ length: 20 }, () => connect(hanging));
    const slow = await serve();
    slow.beforeList = () => new Promise(() => {});
    stuck.push(connect(slow));
    const good = await serve();
    const { connection, ready } = connect(good);
    await ready();
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
    expect(stuck.every((one) => one.connection.state.name !== 'ready')).toBe(true);
  });
});

describe.each(ERAS)('list_changed (%s)', (era) => {
  it('is honoured: added, changed and removed tools are known at once', async () => {
    const server = await serveEra(era);
    server.tools = [tool('stays'), tool('changes'), tool('goes')];
    const { connection, catalogs, ready } = connect(server);
    await ready();
    await until(() => server.openStreams() === 1, 'the notification stream');
    const print = () => connection.catalog?.tools.find(({ name }) => name === 'changes')?.fingerprint;
    const before = print();
    server.tools = [tool('stays'), { ...tool('changes'), description: 'Does more.' }, tool('comes')];
    await server.announceTools();
    await until(() => catalogs.length === 2, 'the new list');
    expect(catalogs[1]).toEqual(['stays', 'changes', 'comes']);
    expect(print()).not.toBe(before);
    expect(await outcome(connection.call('goes', {}))).toBe('tool_not_found');
  });
});
