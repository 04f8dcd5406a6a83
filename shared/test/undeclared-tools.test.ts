/** Servers whose capabilities say nothing of tools. */
import { describe, expect, it } from 'vitest';
import { probe } from '../src/engine/probe/probe.ts';
import { connect, outcome, serveScript } from './support/connect.ts';
import { connectOnFakeClock, MINUTE_MS, pass, untilReady } from './support/fake-clock.ts';
import { hello } from './support/scripted-server.ts';

describe('a server that declares no tools', () => {
  const probed = (url: string) =>
    probe({ url, transport: 'auto', credential: { method: 'none' } }, { policy: 'local' });

  it('but has some is used, and the test says what it claims', async () => {
    const server = await serveScript((request) => {
      if (request.what === 'initialize') hello(request, {});
      return request.what === 'initialize';
    });
    expect(await probed(server.url)).toMatchObject({
      ok: true,
      tools: [{ name: 'echo' }, { name: 'other' }],
      note: expect.stringContaining("doesn't declare any tools") as string,
    });
    const { connection, ready } = connect(server);
    await ready();
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
  });

  it('and has none is asked once a session', async () => {
    const server = await serveScript((request) => {
      if (request.what === 'initialize') hello(request, {});
      else if (request.what === 'tools/list') request.send(200, request.error(-32_601, 'Method not found'));
      else return false;
      return true;
    });
    expect(await probed(server.url)).toMatchObject({
      ok: true,
      tools: [],
      note: expect.stringContaining('declares that it has no tools') as string,
    });
    const before = server.seen['tools/list'] ?? 0;
    const { connection } = await untilReady(connectOnFakeClock(server.url));
    await pass(2 * MINUTE_MS);
    expect((server.seen['tools/list'] ?? 0) - before).toBe(1);
    expect(connection.state.name).toBe('ready');
  });
});
