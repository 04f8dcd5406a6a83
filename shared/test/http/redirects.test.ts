/** Endpoints that redirect: what is followed, and what is said of the rest. */
import { describe, expect, it } from 'vitest';
import type { Credential } from '../../src/engine/session/target.ts';
import { probe } from '../../src/engine/probe/probe.ts';
import { connect, outcome, serveScript } from '../support/connect.ts';
import type { ScriptedRequest } from '../support/scripted-server.ts';

async function serve(script: (request: ScriptedRequest) => boolean = () => false) {
  const server = await serveScript(script);
  return server;
}

const test = (url: string, credential: Credential = { method: 'none' }) =>
  probe({ url, transport: 'streamable_http', credential }, { policy: 'local' });

describe('a redirect that would turn a POST into a GET', () => {
  it.each([301, 302, 303])('is not followed; the address to use is named: %i', async (status) => {
    const server = await serve(({ http, send }) => {
      if (http.url === '/mcp') send(status, '', { location: '/mcp/?key=secret' });
      return http.url === '/mcp';
    });
    const result = await test(server.url);
    expect(result).toMatchObject({ ok: false, code: 'redirected' });
    expect(result.ok || result.message).toBe(`The server redirects (HTTP ${status}) to ${server.url}/.`);
  });

  it('says so when it names no address', async () => {
    const server = await serve(({ send }) => (send(302, ''), true));
    expect(await test(server.url)).toMatchObject({
      code: 'redirected',
      message: expect.stringContaining('without an address') as string,
    });
  });
});

it.each([
  ['blocked_address', 'http://169.254.169.254/latest', 'http://169.254.169.254/latest'],
  ['connection_refused', 'http://127.0.0.1:1/mcp?key=secret', 'http://127.0.0.1:1/mcp'],
])('one that leads nowhere (%s) names the address', async (code, location, named) => {
  const server = await serve(({ send }) => (send(307, '', { location }), true));
  const result = await test(server.url);
  expect(result).toMatchObject({ ok: false, code });
  expect(result.ok || result.message).toContain(`The server redirects to ${named}. `);
});

it('one to another scheme names no address', async () => {
  const server = await serve(({ send }) => (send(307, '', { location: 'file:///etc/passwd' }), true));
  expect(await test(server.url)).toMatchObject({ ok: false, code: 'redirected' });
});

it('a loop is named as one', async () => {
  const server = await serve(({ send }) => (send(307, '', { location: '/mcp' }), true));
  const result = await test(server.url);
  expect(result).toMatchObject({ ok: false, code: 'redirect_loop' });
  expect(result.ok || result.message).toContain(server.url);
});

describe('a redirect to another host', () => {
  it.each([307, 308])(
    'is followed without the key, and the session of that host works: %i',
    async (status) => {
      const other = await serve(({ what, http, send }) => {
        if (what === 'initialize' || what === 'server/discover' || http.headers['mcp-session-id'])
          return false;
        send(400, 'Bad Request: No valid session ID provided');
        return true;
      });
      const own = await serve(({ send }) => (send(status, '', { location: other.url }), true));
      const secret = { method: 'bearer_token', secret: 'my-secret' } as const;
      const { connection, ready } = connect(own, { credential: secret });
      await ready();
      expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
      expect(own.headers('tools/call')[0]?.authorization).toBe('Bearer my-secret');
      expect(other.headers('tools/call')[0]).not.toHaveProperty('authorization');
      expect(await test(own.url, secret)).toMatchObject({
        ok: true,
        note: expect.stringContaining(`redirects to ${other.url}`) as string,
      });
    },
  );

  it('that needs the key is distinguished from a wrong key', async () => {
    const other = await serve(({ send }) => (send(401, 'Who are you?'), true));
    const own = await serve(({ send }) => (send(308, '', { location: other.url }), true));
    const result = await test(own.url, { method: 'bearer_token', secret: 'my-secret' });
    expect(result).toMatchObject({ ok: false, code: 'redirected' });
    expect(result.ok || result.message).toContain(other.url);
    // Without a key there is none to miss.
    expect(await test(own.url)).toMatchObject({ ok: false, code: 'unauthorized' });
  });

  it('is none of those that stay on their own', async () => {
    const own = await serve(({ http, send }) => {
      if (http.url === '/mcp') send(308, '', { location: '/mcp/' });
      return http.url === '/mcp';
    });
    const result = await test(own.url);
    expect(result).toMatchObject({ ok: true });
    expect(result).not.toHaveProperty('note');
  });
});
