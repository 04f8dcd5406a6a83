/** @supabase/lite signs tokens with HS256; users get ES256 tokens with a public key, as in hosted projects. */
import { compactVerify, decodeJwt, importJWK, SignJWT, type JSONWebKeySet, type JWTPayload } from 'jose';
import type { ProjectKeys } from './keys.ts';

export interface Tokens {
  /** Public keys, as served at `/auth/v1/.well-known/jwks.json`. */
  jwks: JSONWebKeySet;
  /** Null for an invalid token. */
  verify(token: string): Promise<JWTPayload | null>;
  /** The receiver checks the expiry. Null if the signature isn't ours. */
  toInner(token: string): Promise<string | null>;
  /** Converts an HS256 token to ES256; `more` are claims that only hosted tokens have. */
  toOuter(innerToken: string, more: JWTPayload): Promise<string>;
}

const MAX_REMEMBERED = 500;

export async function createTokens(keys: ProjectKeys): Promise<Tokens> {
  const { d: _private, ...publicJwk } = keys.signingKey;
  const privateKey = await importJWK(keys.signingKey, 'ES256');
  const publicKey = await importJWK(publicJwk, 'ES256');
  const innerKey = new TextEncoder().encode(keys.innerSecret);
  const innerTokens = new Map<string, string>();

  async function claimsOf(token: string): Promise<JWTPayload | null> {
    try {
      const { payload } = await compactVerify(token, publicKey, { algorithms: ['ES256'] });
      return JSON.parse(new TextDecoder().decode(payload)) as JWTPayload;
    } catch {
      return null;
    }
  }

  return {
    jwks: { keys: [{ ...publicJwk, alg: 'ES256', use: 'sig', key_ops: ['verify'] }] },

    async verify(token) {
      const claims = await claimsOf(token);
      return claims?.exp !== undefined && claims.exp * 1000 > Date.now() ? claims : null;
    },

    async toInner(token) {
      const known = innerTokens.get(token);
      if (known !== undefined) return known;
      const claims = await claimsOf(token);
      if (!claims) return null;
      const inner = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(innerKey);
      if (innerTokens.size >= MAX_REMEMBERED) innerTokens.clear();
      innerTokens.set(token, inner);
      return inner;
    },

    toOuter(innerToken, more) {
      return new SignJWT({ ...more, ...decodeJwt(innerToken) })
        .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: keys.signingKey.kid })
        .sign(privateKey);
    },
  };
}
