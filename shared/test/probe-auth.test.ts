import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { probe, type ProbeOptions } from '../src/engine/probe/probe.ts';
import type { Credential } from '../src/engine/session/target.ts';
import { listen } from './support/listen.ts';
import { metadataOf, startSignInSite, type Replies, type Reply } from './support/sign-in-site.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const test = (
  url: string,
  options: Partial<ProbeOptions> = {},
  credential: Credential = { method: 'none' },
) => probe({ url, transport: 'auto', credential }, { policy: 'local', timeoutMs: 8_000, ...options });

async function answering(handler: RequestListener): Promise<string> {
  const server = await listen(handler);
  cleanups.push(() => server.stop());
  return server.url;
}

describe('a server that wants a credential', () => {
  const handler: RequestListener = (request, response) => {
    if (request.headers['x-key'] === 'blocked') response.writeHead(403).end();
    else if (request.headers.authorization !== 'Bearer right') response.writeHead(401).end();
    else response.writeHead(500).end();
  };

  it.each<[string, Credential, string, string]>([
    ['without one', { method: 'none' }, 'unauthorized', 'authenticate'],
    ['with a wrong one', { method: 'bearer_token', secret: 'wrong' }, 'unauthorized', 'authenticate'],
    [
      'without permission',
      { method: 'api_key', header: 'X-Key', secret: 'blocked' },
      'forbidden',
      'authenticate',
    ],
    ['with the right one', { method: 'bearer_token', secret: 'right' }, 'server_error', 'initialize'],
  ])('%s', async (_what, credential, code, phase) => {
    const result = await test(await answering(handler), {}, credential);
    expect(result).toMatchObject({ ok: false, code, phase });
    expect(JSON.stringify(result)).not.toContain('wrong');
  });

  it('is distinguished from one whose credential was rejected', async () => {
    const url = await answering(handler);
    const none = await test(url);
    const wrong = await test(url, {}, { method: 'bearer_token', secret: 'wrong' });
    expect(none).toMatchObject({ message: expect.stringContaining('none is set') as string });
    expect(wrong).toMatchObject({ message: expect.stringContaining('rejected') as string });
  });
});

describe('a server that wants a sign-in', () => {
  const AS = '/.well-known/oauth-authorization-server';
  const RESOURCE = '/.well-known/oauth-protected-resource';
  const refuse = (status: number, challenge: string | null) => (): Reply => ({
    status,
    ...(challenge !== null && { headers: { 'www-authenticate': challenge } }),
  });
  const atRoot: Replies['x'] = (_asked, origin) => ({ body: { authorization_servers: [origin] } });
  const offered = async (replies: Replies, options: Partial<ProbeOptions> = {}) => {
    const site = await startSignInSite(replies);
    cleanups.push(() => site.stop());
    return { site, result: await test(site.url, options) };
  };

  it.each<[string, Replies]>([
    ['names where', {}],
    ['names where with 403', { '/mcp': refuse(403, `Bearer resource_metadata="${RESOURCE}/mcp"`) }],
    ['says nothing', { '/mcp': refuse(401, null) }],
    ['says nothing with 403', { '/mcp': refuse(403, null) }],
    ['says Bearer', { '/mcp': refuse(401, 'Bearer') }],
    ['says that the token is invalid', { '/mcp': refuse(401, 'Bearer realm="x", error="invalid_token"') }],
    ['says Basic', { '/mcp': refuse(401, 'Basic realm="x"') }],
    [
      'has metadata at its origin only',
      { '/mcp': refuse(401, null), [`${RESOURCE}/mcp`]: null, [RESOURCE]: atRoot },
    ],
    [
      'is its own authorization server without saying so',
      { '/mcp': refuse(401, null), [`${RESOURCE}/mcp`]: null },
    ],
    [
      'has OpenID metadata at its origin',
      {
        '/mcp': refuse(401, 'Bearer'),
        [`${RESOURCE}/mcp`]: null,
        [AS]: null,
        '/.well-known/openid-configuration': (_asked, origin) => ({ body: metadataOf(origin) }),
      },
    ],
  ])('is offered one when it %s', async (_how, replies) => {
    const { site, result } = await offered(replies);
    expect(result).toMatchObject({
      ok: false,
      phase: 'authenticate',
      wanted_auth: 'oauth',
      message: expect.stringContaining('sign in') as string,
    });
    expect(site.asked.filter(({ method }) => method === 'GET').length).toBeLessThanOrEqual(4);
  });

  it.each<[string, Replies, string | null]>([
    ['nothing at all', { '/mcp': refuse(401, null), [`${RESOURCE}/mcp`]: null, [AS]: null }, null],
    [
      'a bearer token',
      { '/mcp': refuse(401, 'Bearer'), [`${RESOURCE}/mcp`]: null, [AS]: null },
      'bearer_token',
    ],
    [
      'web pages everywhere',
      {
        '/mcp': refuse(401, 'ApiKey'),
        [`${RESOURCE}/mcp`]: () => ({ body: '<html>' }),
        [RESOURCE]: () => ({ body: '<html>' }),
        [AS]: () => ({ body: '<html>' }),
        '/.well-known/openid-configuration': () => ({ body: '<html>' }),
      },
      'api_key',
    ],
  ])('is offered none when it has %s', async (_what, replies, wanted) => {
    const { result } = await offered(replies);
    expect(result).toMatchObject({ ok: false, code: 'unauthorized' });
    expect((result as { wanted_auth?: string }).wanted_auth ?? null).toBe(wanted);
  });

  it('is not searched for one by health checks, or when a key was refused', async () => {
    const bare = { '/mcp': refuse(401, null) };
    const { site } = await offered(bare, { findsSignIn: false });
    await test(site.url, {}, { method: 'bearer_token', secret: 'wrong' });
    expect(site.asked.filter(({ path }) => path.startsWith('/.well-known'))).toEqual([]);
  });
});
