import { afterEach, describe, expect, it } from 'vitest';
import { startSignInSite, type Replies, type SignInSite } from '../support/sign-in-site.ts';
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
      /register again/,
    ],
    [
      'a failure',
      { '/token': () => ({ status: 502, body: 'bad gateway' }) },
      'sign_in_unreachable',
      /status 502/,
    ],
    [
      'a failure where metadata should be',
      { [AS]: () => ({ status: 503 }) },
      'sign_in_unreachable',
      /status 503/,
    ],
    ['nothing that registers', { '/register': null }, 'sign_in_unsupported', /enter its client ID/],
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
  ])('is reported as what it is: %s', async (_what, replies, code, words) => {
    const site = await start(replies);
    const found = await problem(signIn(site));
    expect(found.code).toBe(code);
    expect(found.message).toMatch(words);
    expect(site.count('/token')).toBeLessThan(2);
  });
});
