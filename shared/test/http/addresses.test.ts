/** Where a connection must not go, whatever the server or the resolver says. The rules themselves: address-policy. */
import { describe, expect, it } from 'vitest';
import type { AddressPolicy } from '../../src/engine/outgoing/address-policy.ts';
import { openSession } from '../../src/engine/session/open-session.ts';
import { cleanups, connect, ERAS, outcome, serveEra } from '../support/connect.ts';
import { listen, until } from '../support/listen.ts';

const METADATA = 'http://169.254.169.254/latest/meta-data';

describe.each(ERAS)('a server (%s) that redirects to where nobody may go', (era) => {
  it.each(['initialize', 'server/discover', 'tools/list'])('its %s is refused', async (method) => {
    let followed = false;
    const server = await serveEra(era, {
      intercept: (_request, response, message) => {
        const isBad = message.method === method;
        if (isBad) response.writeHead(307, { location: METADATA }).end();
        followed ||= isBad;
        return isBad;
      },
    });
    const { connection, ready } = connect(server);
    // What a server of this era is never asked cannot be redirected.
    await until(() => followed || connection.state.name === 'ready', 'the request');
    if (!followed) return ready();
    await until(() => connection.state.name === 'waiting', 'the refusal');
    expect(connection.state).toMatchObject({ error: { code: 'blocked_address' } });
  });

  it('a call is refused, and its arguments go nowhere', async () => {
    let isBad = true;
    const server = await serveEra(era, {
      intercept: (_request, response, message) => {
        const isMoved = isBad && message.method === 'tools/call';
        if (isMoved) response.writeHead(308, { location: METADATA }).end();
        return isMoved;
      },
    });
    const { connection, ready } = connect(server);
    await ready();
    expect(await outcome(connection.call('echo', { secret: 1 }))).toBe('blocked_address');
    expect(server.ran).toEqual([]);
    isBad = false;
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
  });

  it('to another origin: the server there is reached without the credential', async () => {
    const seen: (string | undefined)[] = [];
    const behind = await serveEra(era, {
      intercept: (request) => {
        seen.push(request.headers.authorization);
        return false;
      },
    });
    const front = await listen((_request, response) => {
      response.writeHead(307, { location: behind.url }).end();
    });
    cleanups.push(() => front.stop());
    const { connection } = connect(front, { credential: { method: 'bearer_token', secret: 'secret' } });
    await until(() => seen.length > 0, 'a request behind the redirect');
    await connection.close();
    expect(new Set(seen)).toEqual(new Set([undefined]));
  });
});

describe.each(ERAS)('a name (%s) whose address changes', (era) => {
  const open = (port: number, answers: string[], policy: AddressPolicy = 'local') => {
    const asked: string[] = [];
    const session = openSession(
      { url: `http://rebinding.example:${port}/mcp`, transport: 'auto', credential: { method: 'none' } },
      {
        policy,
        signal: new AbortController().signal,
        timeoutMs: 5_000,
        resolve: (name) => {
          asked.push(name);
          return Promise.resolve([{ address: answers.shift() ?? '127.0.0.1', family: 4 }]);
        },
      },
    );
    return { session, asked };
  };
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => 'ok',
      (error: { code: string }) => error.code,
    );

  it('to a forbidden one: the next socket is not opened', async () => {
    const server = await serveEra(era, {
      intercept: (_request, response) => {
        response.setHeader('connection', 'close');
        return false;
      },
    });
    const answers: string[] = [];
    const { session, asked } = open(server.port, answers);
    const opened = await session;
    cleanups.push(() => opened.end(false));
    const request = { tool: 'echo', args: {}, signal: new AbortController().signal, timeoutMs: 2_000 };
    expect(await codeOf(opened.call(request))).toBe('ok');
    answers.push('169.254.169.254');
    expect(await codeOf(opened.call(request))).toBe('blocked_address');
    expect(new Set(asked)).toEqual(new Set(['rebinding.example']));
    expect(server.ran).toEqual(['echo']);
  });

  it('is judged at each connect, also when the check before it saw a good one', async () => {
    const server = await serveEra(era);
    expect(await codeOf(open(server.port, ['0.0.0.0']).session)).toBe('blocked_address');
    expect(server.pages).toBe(0);
  });
});
