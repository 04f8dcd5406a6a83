/** The words of a server that refuses something: whose they are, where they are found, and what they mean. */
import { describe, expect, it } from 'vitest';
import { probe } from '../../src/engine/probe/probe.ts';
import { connect, serveScript } from '../support/connect.ts';
import { until } from '../support/listen.ts';

describe('the reason of the server', () => {
  const probed = async (status: number, body: string, secret = 'my-secret-key') => {
    const server = await serveScript(({ http, send }) => {
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
    const server = await serveScript(({ send }) => {
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
    const server = await serveScript(({ response }) => {
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
  ])('is classified by what it shows', async (body, code, title) => {
    const server = await serveScript(({ send }) => (send(200, body, { 'content-type': 'text/html' }), true));
    const target = { url: server.url, transport: 'streamable_http', credential: { method: 'none' } } as const;
    expect(await probe(target, { policy: 'local' })).toMatchObject({
      code,
      message: expect.stringContaining(title) as string,
    });
  });
});
