import { afterEach, describe, expect, it } from 'vitest';
import type { EarlierScopes } from '../../src/engine/oauth/scopes.ts';
import { signInUnattended } from '../../src/engine/oauth/unattended.ts';
import { metadataOf, startSignInSite, type Replies, type SignInSite } from '../support/sign-in-site.ts';
import { AS, metadata, problem, RESOURCE, signIn } from '../support/signing-in.ts';

const sites: SignInSite[] = [];
afterEach(async () => {
  for (const site of sites.splice(0)) await site.stop();
});

async function start(replies: Replies = {}): Promise<SignInSite> {
  const site = await startSignInSite(replies);
  sites.push(site);
  return site;
}

describe('the endpoints', () => {
  it('are refused with a login in them, before anybody is registered or sent there', async () => {
    const site = await start(
      metadata((origin) => ({ authorization_endpoint: `${origin.replace('//', '//user:pass@')}/authorize` })),
    );
    const found = await problem(signIn(site));
    expect(found.code).toBe('sign_in_bad_response');
    expect(found.message).toContain('authorization_endpoint');
    expect(site.count('/register')).toBe(0);
  });

  it('get no code and no client from a redirect to another origin, but from one of their own', async () => {
    const other = await start();
    const moved = (to: (origin: string) => string): Replies => ({
      '/token': (_asked, origin) => ({ status: 308, headers: { location: to(origin) } }),
      '/token/': () => ({ body: { access_token: 'access', token_type: 'Bearer' } }),
    });
    const away = await start(moved(() => `${other.origin}/token`));
    await problem(signIn(away));
    expect(away.count('/token')).toBe(1);
    expect(other.asked).toEqual([]);
    const near = await start(moved((origin) => `${origin}/token/`));
    expect((await signIn(near)).grant.tokens.access_token).toBe('access');
  });
});

describe('PKCE', () => {
  it.each([[['plain']], [[]], ['plain']])(
    'is required: a service that offers %j is refused',
    async (code_challenge_methods_supported) => {
      const site = await start(metadata(() => ({ code_challenge_methods_supported })));
      const found = await problem(signIn(site));
      expect(found.code).toBe('sign_in_unsupported');
      expect(found.message).toContain('S256');
      expect(site.count('/register')).toBe(0);
    },
  );

  it('is used where the metadata list no methods', async () => {
    const site = await start(metadata(() => ({ code_challenge_methods_supported: null })));
    expect((await signIn(site)).asked.get('code_challenge_method')).toBe('S256');
  });
});

describe('the issuer', () => {
  const sendsIss = { authorization_response_iss_parameter_supported: true };

  it('may have a slash more than the address that leads to it, which the redirect then names too', async () => {
    const site = await start(metadata((origin) => ({ issuer: `${origin}/`, ...sendsIss })));
    expect((await signIn(site, `${site.origin}/`)).grant.issuer).toBe(`${site.origin}/`);
  });

  it('may have a slash less than that address', async () => {
    const site = await start({
      [RESOURCE]: (_asked, origin) => ({
        body: { resource: `${origin}/mcp`, authorization_servers: [`${origin}/`] },
      }),
    });
    expect((await signIn(site, site.origin)).grant.issuer).toBe(site.origin);
  });

  it('is refused when it is another one, with both values', async () => {
    const site = await start(metadata(() => ({ issuer: 'https://other.example' })));
    const found = await problem(signIn(site));
    expect(found).toMatchObject({
      code: 'issuer_mismatch',
      issuers: { expected: site.origin, received: 'https://other.example' },
    });
    expect(found.message).toContain(`“${site.origin}”`);
    expect(found.message).toContain('“https://other.example”');
    expect(site.count('/register')).toBe(0);
  });

  it('may be another one where that was accepted, and then the redirect names it', async () => {
    const site = await start(metadata(() => ({ issuer: 'https://other.example', ...sendsIss })));
    const acceptedIssuer = { expected: site.origin, issuer: 'https://other.example' };
    const { grant } = await signIn(site, 'https://other.example', { acceptedIssuer });
    expect(grant).toMatchObject({ issuer: 'https://other.example', authorization_server: site.origin });
    expect((await problem(signIn(site, site.origin, { acceptedIssuer }))).code).toBe('sign_in_mixed_up');
    for (const other of [
      { expected: 'https://elsewhere.example', issuer: 'https://other.example' },
      { expected: site.origin, issuer: 'https://third.example' },
    ])
      expect((await problem(signIn(site, null, { acceptedIssuer: other }))).code).toBe('issuer_mismatch');
  });

  it.each([
    ['with a slash more', (origin: string) => `${origin}/`],
    ['of another host', () => 'https://evil.example'],
    ['that is missing', () => null],
  ])('of the redirect is compared exactly: one %s is refused, with both values', async (_what, issOf) => {
    const site = await start(metadata(() => sendsIss));
    const iss = issOf(site.origin);
    const found = await problem(signIn(site, iss));
    expect(found.code).toBe('sign_in_mixed_up');
    expect(found.message).toContain(`“${site.origin}”`);
    if (iss !== null) expect(found.message).toContain(`“${iss}”`);
    expect(site.count('/token')).toBe(0);
  });

  it('of the redirect is no place for the words of an attacker', async () => {
    const site = await start(metadata(() => sendsIss));
    const found = await problem(signIn(site, 'Call 555-evil to sign in'));
    expect(found.message).not.toContain('evil');
  });
});

describe('scopes', () => {
  const narrow: Replies = {
    '/mcp': () => ({ status: 401, headers: { 'www-authenticate': 'Bearer scope="init"' } }),
  };
  const askedFor = async (site: SignInSite, earlier: EarlierScopes | null) => {
    const { asked, grant } = await signIn(site, null, {}, earlier);
    expect(grant.requested_scope).toBe(asked.get('scope'));
    return asked.get('scope');
  };

  it('accumulate: each sign-in asks for what was granted before and for what is missing', async () => {
    const site = await start(narrow);
    expect(await askedFor(site, null)).toBe('init');
    expect(await askedFor(site, { known: 'init', wanted: 'read' })).toBe('init read');
    expect(await askedFor(site, { known: 'init read', wanted: 'write' })).toBe('init read write');
    expect(await askedFor(site, { known: 'init read write', wanted: null })).toBe('init read write');
  });

  it('also accumulate without a user', async () => {
    const site = await start(narrow);
    const client = { client_id: 'known', client_secret: 'secret', issuer: site.origin };
    const clients = { read: () => Promise.resolve(client), save: () => Promise.resolve() };
    const earlier = { known: 'init', wanted: 'write' };
    const grant = await signInUnattended({ serverUrl: site.url, policy: 'local', clients }, earlier);
    expect(grant.requested_scope).toBe('init write');
    const { text = '' } = site.asked.find(({ path }) => path === '/token') ?? {};
    expect(new URLSearchParams(text).get('scope')).toBe('init write');
  });

  it('are all that the server lists, when it did not say which one is missing', async () => {
    const site = await start({
      ...narrow,
      [RESOURCE]: (_asked, origin) => ({
        body: {
          resource: `${origin}/mcp`,
          authorization_servers: [origin],
          scopes_supported: ['read', 'write'],
        },
      }),
    });
    const { grant, asked } = await signIn(site, null, {}, { known: 'init', wanted: '' });
    expect(asked.get('scope')).toBe('init read write');
    expect(grant.is_widest).toBe(true);
  });
});

describe('discovery', () => {
  const bare: Replies = { '/mcp': () => ({ status: 401 }) };
  const atRoot: Replies['x'] = (_asked, origin) => ({
    body: { resource: origin, authorization_servers: [origin] },
  });

  it.each<[string, Replies]>([
    [
      'at the address that a 403 names',
      { '/mcp': (_asked, origin) => ({ ...usualRefusal(origin), status: 403 }) },
    ],
    ['at the well-known address of the path', bare],
    [
      'at the well-known address of the origin',
      { ...bare, [RESOURCE]: null, '/.well-known/oauth-protected-resource': atRoot },
    ],
    ['at the origin alone', { ...bare, [RESOURCE]: null }],
    [
      'although the address that the server names has nothing',
      {
        '/mcp': () => ({ status: 401, headers: { 'www-authenticate': 'Bearer resource_metadata="/gone"' } }),
      },
    ],
    [
      'although a web page stands where metadata are looked for first',
      { ...bare, [RESOURCE]: () => ({ body: '<html>' }) },
    ],
  ])('finds the authorization server %s', async (_where, replies) => {
    const site = await start(replies);
    expect((await signIn(site)).grant.tokens.access_token).toBe('access');
  });

  it.each([
    ['the resource', RESOURCE],
    ['the authorization server, in the form of OAuth', AS],
  ])('goes on when the metadata of %s are broken', async (_what, path) => {
    const site = await start({
      [path]: () => ({ status: 500, body: 'oops' }),
      '/.well-known/openid-configuration': (_asked, origin) => ({ body: metadataOf(origin) }),
    });
    expect((await signIn(site)).grant.tokens.access_token).toBe('access');
  });

  it('tells of a resource that is not this server', async () => {
    const site = await start({
      [RESOURCE]: (_asked, origin) => ({
        body: { resource: 'https://elsewhere.example/mcp', authorization_servers: [origin] },
      }),
    });
    const { code, message } = await problem(signIn(site));
    expect(code).toBe('sign_in_unsupported');
    expect(message).toContain('https://elsewhere.example/mcp');
    expect(message).toContain(site.url);
  });
});

const usualRefusal = (origin: string) => ({
  headers: { 'www-authenticate': `Bearer resource_metadata="${origin}${RESOURCE}"` },
});
