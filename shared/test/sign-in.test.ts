import { afterEach, describe, expect, it } from 'vitest';
import { clientIdentity } from '../src/oauth/client-metadata.ts';
import { SignInProblem } from '../src/oauth/sign-in-problem.ts';
import { beginSignIn, finishSignIn, type EarlierScopes } from '../src/oauth/sign-in.ts';
import type { SignInOptions } from '../src/oauth/sign-in-provider.ts';
import { metadataOf, startSignInSite, type Replies, type SignInSite } from './sign-in-site.ts';

const sites: SignInSite[] = [];
afterEach(async () => {
  for (const site of sites.splice(0)) await site.stop();
});

async function start(replies: Replies = {}): Promise<SignInSite> {
  const site = await startSignInSite(replies);
  sites.push(site);
  return site;
}

const AS = '/.well-known/oauth-authorization-server';
const RESOURCE = '/.well-known/oauth-protected-resource/mcp';

function optionsFor({ url }: SignInSite, more: Partial<SignInOptions> = {}): SignInOptions {
  const clients = { read: () => Promise.resolve(null), save: () => Promise.resolve() };
  return {
    serverUrl: url,
    identity: clientIdentity('https://page.example'),
    policy: 'local',
    clients,
    ...more,
  };
}

/** Signs in as a person who agrees at once. */
async function signIn(
  site: SignInSite,
  iss: string | null = null,
  more: Partial<SignInOptions> = {},
  earlier: EarlierScopes | null = null,
) {
  const options = optionsFor(site, more);
  const { authorizationUrl, memory } = await beginSignIn(options, 'state', earlier);
  const query = new URLSearchParams({ code: 'x', state: 'state', ...(iss !== null && { iss }) });
  const grant = await finishSignIn(options, memory, query);
  return { grant, asked: new URL(authorizationUrl).searchParams };
}

const problem = (signingIn: Promise<unknown>): Promise<SignInProblem> =>
  signingIn.then(
    () => Promise.reject(new Error('it signed in')),
    (error: unknown) => (error instanceof SignInProblem ? error : Promise.reject(error as Error)),
  );
const metadata = (change: (origin: string) => object): Replies => ({
  [AS]: (_asked, origin) => ({ body: { ...metadataOf(origin), ...change(origin) } }),
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

describe('what an authorization server answers', () => {
  it('may have nulls wherever a member is optional, lists as text and forms as tokens', async () => {
    const site = await start({
      [RESOURCE]: (_asked, origin) => ({
        body: {
          resource: `${origin}/mcp`,
          authorization_servers: [origin],
          scopes_supported: null,
          jwks_uri: null,
        },
      }),
      ...metadata(() => ({
        revocation_endpoint: null,
        scopes_supported: 'read write',
        grant_types_supported: null,
      })),
      '/register': () => ({
        status: 201,
        body: { client_id: 'c', client_secret: null, client_secret_expires_at: null },
      }),
      '/token': () => ({
        body: 'access_token=form&scope=read%2Cwrite&expires_in=60',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
    });
    const { tokens, client } = (await signIn(site)).grant;
    expect(tokens).toEqual({
      access_token: 'form',
      token_type: 'Bearer',
      scope: 'read write',
      expires_in: 60,
    });
    expect(client).toMatchObject({ client_id: 'c' });
    expect(client).not.toHaveProperty('client_secret');
  });

  it.each<[string, Replies, string, RegExp]>([
    [
      'a web page for tokens',
      { '/token': () => ({ body: '<html>' }) },
      'sign_in_bad_response',
      /web page \(status 200\)/,
    ],
    [
      'no token',
      { '/token': () => ({ body: { token_type: 'Bearer' } }) },
      'sign_in_bad_response',
      /no access_token/,
    ],
    [
      'an error with status 200',
      { '/token': () => ({ body: { error: 'invalid_grant' } }) },
      'sign_in_refused',
      /invalid_grant/,
    ],
    [
      'an unknown client',
      { '/token': () => ({ status: 401, body: { error: 'invalid_client' } }) },
      'sign_in_refused',
      /registers anew/,
    ],
    [
      'a failure',
      { '/token': () => ({ status: 502, body: 'bad gateway' }) },
      'sign_in_unreachable',
      /status 502/,
    ],
    [
      'a refusal to register',
      { '/register': () => ({ status: 403, body: { error: 'access_denied' } }) },
      'sign_in_refused',
      /access_denied.*403/,
    ],
    [
      'metadata without a token endpoint',
      metadata(() => ({ token_endpoint: null })),
      'sign_in_bad_response',
      /no token_endpoint/,
    ],
  ])('is told as what it is: %s', async (_what, replies, code, words) => {
    const site = await start(replies);
    const found = await problem(signIn(site));
    expect(found.code).toBe(code);
    expect(found.message).toMatch(words);
    expect(site.count('/token')).toBeLessThan(2);
  });
});
