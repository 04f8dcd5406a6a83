// PostgREST and the functions know callers only by JWT, so an API token is exchanged for a short-lived one with the role
// `api_token`. The database defines what that role may do (migration api_tokens) and checks the token at every statement.
import { createAdminClient } from '@supabase/server/core';
import { importJWK, SignJWT } from 'jose';
import type { ClientSchema } from '../../../shared/src/contract/schema/database.ts';
import { AppError, describeError } from '../../../shared/src/contract/errors.ts';
import { UsedApiToken, type TokenScope } from '../../../shared/src/contract/schema/api-token.ts';
import { logFailure, refuse, refusalOf, send, type Answer } from './answer.ts';
import { DatabaseRefusal, read } from './read.ts';
import { readSigningKey } from './signing-key.ts';
import type { Handler } from './trace.ts';

type GoodToken = Extract<UsedApiToken, { state: 'good' }>;

export interface TokenDeps {
  /** @throws DatabaseRefusal 429 when the token was used too often */
  use: (hash: string) => Promise<UsedApiToken>;
  sign: (token: GoodToken) => Promise<string>;
}

const FORM = /^Bearer (patchbay_\S+)$/;
/** Longer than any function takes to query the database, which checks the token again at each statement. */
const JWT_GOOD_FOR_S = 180;

/**
 * Lets a function be called with an API token that has the scope. Who comes with anything else goes on as they are.
 * @param scope that the token needs for this request; null where reading is all that happens
 */
export function withApiTokens(
  name: string,
  scope: TokenScope | ((request: Request) => TokenScope | null),
  handler: Handler,
  deps: TokenDeps = tokenDeps(),
): Handler {
  return async (request) => {
    const token = FORM.exec(request.headers.get('authorization') ?? '')?.[1];
    if (token === undefined) return handler(request);
    const needed = typeof scope === 'string' ? scope : scope(request);
    const admitted = await admit(name, token, needed, deps);
    if (!admitted.ok) return send(admitted.answer);
    const headers = new Headers(request.headers);
    headers.set('authorization', `Bearer ${admitted.jwt}`);
    return handler(new Request(request, { headers }));
  };
}

type Admission = { ok: true; jwt: string } | { ok: false; answer: Answer };

async function admit(
  name: string,
  token: string,
  needed: TokenScope | null,
  { use, sign }: TokenDeps,
): Promise<Admission> {
  try {
    const used = await use(await sha256(token));
    if (used.state !== 'good') return { ok: false, answer: refuse(401, ...REFUSALS[used.state]) };
    if (needed !== null && !used.scopes.includes(needed)) {
      const message = `This token doesn't have the scope ${needed}.`;
      return { ok: false, answer: refuse(403, 'scope_missing', message, { scope: needed }) };
    }
    return { ok: true, jwt: await sign(used) };
  } catch (error) {
    if (error instanceof DatabaseRefusal) return { ok: false, answer: refusalOf(error) };
    logFailure(name, error);
    return { ok: false, answer: refuse(500, 'internal', describeError('internal').message) };
  }
}

const REFUSALS: Record<'unknown' | 'revoked' | 'expired', [code: string, message: string]> = {
  unknown: ['token_unknown', 'There is no such token.'],
  revoked: ['token_revoked', 'This token was revoked, or its creator has left the workspace.'],
  expired: ['token_expired', 'This token has expired. Create a new one.'],
};

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function tokenDeps(): TokenDeps {
  return {
    use: (hash) =>
      read(createAdminClient<ClientSchema>().rpc('use_api_token', { p_hash: hash }), UsedApiToken),
    sign: (token) => signJwt(token, Deno.env.get('PATCHBAY_SIGNING_KEY'), Deno.env.get('SUPABASE_URL') ?? ''),
  };
}

/**
 * A JWT as the project's auth server would sign it.
 * @param key private JWK in base64, whose public half is among the signing keys of the project
 * @throws AppError when there is no such key
 */
export async function signJwt(
  token: GoodToken,
  key: string | undefined,
  projectUrl: string,
): Promise<string> {
  if (!key) throw new AppError('internal', { message: 'PATCHBAY_SIGNING_KEY is not set.' });
  const jwk = readSigningKey(key);
  if (!jwk) throw new AppError('internal', { message: 'PATCHBAY_SIGNING_KEY is not a base64-encoded JWK.' });
  // The CLI's keys have both operations; a private key may only sign.
  const privateKey = await importJWK({ ...jwk, key_ops: ['sign'] }, jwk.alg);
  return await new SignJWT({ role: 'api_token', token_id: token.token_id })
    .setProtectedHeader({ alg: jwk.alg, typ: 'JWT', kid: jwk.kid })
    .setIssuer(`${projectUrl}/auth/v1`)
    .setAudience('authenticated')
    .setSubject(token.user_id)
    .setIssuedAt()
    .setExpirationTime(`${JWT_GOOD_FOR_S}s`)
    .sign(privateKey);
}
