import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose';
import type { UsedApiToken } from '../../../shared/src/contract/schema/api-token.ts';
import { signJwt, withApiTokens } from './api-token.ts';
import { DatabaseRefusal } from './read.ts';

const TOKEN = `patchbay_${'0a'.repeat(32)}`;
const good: UsedApiToken = { state: 'good', token_id: 'token-1', user_id: 'user-1', scopes: ['tools:call'] };

async function knock(authorization: string | undefined, used: UsedApiToken | Error = good) {
  const asked: string[] = [];
  const reached: (string | null)[] = [];
  const door = withApiTokens(
    'some-function',
    'tools:call',
    async (request) => {
      reached.push(request.headers.get('authorization'));
      return new Response(await request.text());
    },
    {
      use: (hash) => (asked.push(hash), used instanceof Error ? Promise.reject(used) : Promise.resolve(used)),
      sign: ({ user_id }) => Promise.resolve(`jwt-of-${user_id}`),
    },
  );
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  const response = await door(new Request('http://f.test/some', { method: 'POST', body: 'said', headers }));
  return { response, asked, reached, text: await response.text() };
}

Deno.test('a token that is good becomes a JWT of its maker, and the body goes along', async () => {
  const { response, asked, reached, text } = await knock(`Bearer ${TOKEN}`);
  assert.equal(response.status, 200);
  assert.equal(text, 'said');
  assert.deepEqual(reached, ['Bearer jwt-of-user-1']);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(TOKEN));
  assert.deepEqual(asked, [Buffer.from(digest).toString('hex')]);
});

Deno.test('a caller with a JWT, or with nothing, is passed through', async () => {
  for (const authorization of ['Bearer eyJ.a.b', undefined]) {
    const { asked, reached } = await knock(authorization);
    assert.deepEqual(asked, []);
    assert.deepEqual(reached, [authorization ?? null]);
  }
});

Deno.test('an invalid token is rejected with the reason', async () => {
  for (const state of ['unknown', 'revoked', 'expired'] as const) {
    const { response, reached, text } = await knock(`Bearer ${TOKEN}`, { state });
    assert.equal(response.status, 401);
    assert.equal(JSON.parse(text).code, `token_${state}`);
    assert.deepEqual(reached, []);
  }
});

Deno.test('a token without the scope is rejected with the scope that it lacks', async () => {
  const { response, reached, text } = await knock(`Bearer ${TOKEN}`, { ...good, scopes: ['servers:write'] });
  assert.equal(response.status, 403);
  assert.deepEqual([JSON.parse(text).code, JSON.parse(text).scope], ['scope_missing', 'tools:call']);
  assert.deepEqual(reached, []);
});

Deno.test('a token that is used too often is rejected with the time to retry', async () => {
  const limit = { limit: 'token_calls_per_minute', allowed: 1, used: 1, retry_after_s: 9 };
  const { response } = await knock(`Bearer ${TOKEN}`, new DatabaseRefusal(429, 'Not so fast.', { limit }));
  assert.equal(response.status, 429);
  assert.equal(response.headers.get('retry-after'), '9');
});

Deno.test('the JWT is for the role of tokens, verifies with the public key, and lasts minutes', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  // The format of `supabase gen signing-key`.
  const jwk = {
    ...(await exportJWK(privateKey)),
    kid: 'k1',
    alg: 'ES256',
    key_ops: ['sign', 'verify'],
    ext: true,
  };
  const key = btoa(JSON.stringify(jwk));
  const jwt = await signJwt(good, key, 'https://project.test');
  const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] });
  const { payload } = await jwtVerify(jwt, keys, { audience: 'authenticated' });
  assert.equal(payload.role, 'api_token');
  assert.equal(payload.token_id, 'token-1');
  assert.equal(payload.sub, 'user-1');
  assert.equal(payload.iss, 'https://project.test/auth/v1');
  assert.ok((payload.exp ?? 0) - (payload.iat ?? 0) <= 180);
  for (const unfit of [undefined, 'no base64', JSON.stringify(jwk), btoa('{}')]) {
    await assert.rejects(signJwt(good, unfit, 'https://project.test'), /PATCHBAY_SIGNING_KEY/);
  }
});
