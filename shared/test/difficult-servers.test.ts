import { describe, expect, it, vi } from 'vitest';
import { cleanups, connect, outcome, serve } from './support/connect.ts';
import { listen, until } from './support/listen.ts';

describe('a server that never tells anything by itself', () => {
  const MINUTE_MS = 60_000;

  it('is listed periodically, so new tools are found', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const server = await serve({ isPlain: true });
    const { catalogs, ready } = connect(server);
    await ready();
    server.tools = [{ name: 'new', inputSchema: { type: 'object' } }];
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    await until(() => catalogs.length === 2, 'the new catalog');
    expect(catalogs[1]).toEqual(['new']);
  });

  it('is missed when it is gone, though nobody calls', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const server = await serve({ isPlain: true });
    const { connection, ready } = connect(server);
    await ready();
    await server.stop();
    expect(connection.state.name).toBe('ready');
    await vi.advanceTimersByTimeAsync(MINUTE_MS / 4);
    await until(() => connection.state.name === 'waiting', 'the connection to notice');
  });
});

describe('a server that does not let us in', () => {
  it('is not dialled again until somebody says so', async () => {
    let key = 'wrong';
    let attempts = 0;
    const server = await serve({
      intercept: (_request, response) => {
        if (key === 'right') return false;
        attempts += 1;
        response.writeHead(401).end();
        return true;
      },
    });
    const credential = { method: 'bearer_token', secret: 'wrong' } as const;
    const { connection, ready } = connect(server, { credential });
    await until(() => connection.state.name === 'needs_credentials', 'the refusal');
    expect(await outcome(connection.call('echo', {}))).toBe('unauthorized');
    expect(attempts).toBe(1);
    key = 'right';
    connection.wake();
    await ready();
  });
});

describe('a server that asks us to wait', () => {
  it('is not dialled before the time it named', async () => {
    const server = await listen((_request, response) => {
      response.writeHead(503, { 'retry-after': '20' }).end();
    });
    cleanups.push(() => server.stop());
    const askedAt = Date.now();
    const { connection } = connect(server);
    await until(() => connection.state.name === 'waiting', 'the refusal');
    expect(connection.state).toMatchObject({ error: { code: 'server_error', retryAfterMs: 20_000 } });
    expect(connection.state.name === 'waiting' && connection.state.retryAt).toBeGreaterThanOrEqual(
      askedAt + 20_000,
    );
  });
});

describe('a server that hangs', () => {
  it('costs a call its timeout and not more, and closing costs nothing', async () => {
    const server = await listen(() => {});
    cleanups.push(() => server.stop());
    const { connection } = connect(server);
    const startedAt = performance.now();
    expect(await outcome(connection.call('echo', {}, { timeoutMs: 300 }))).toBe('timeout');
    await connection.close();
    expect(performance.now() - startedAt).toBeLessThan(1_500);
  });
});
