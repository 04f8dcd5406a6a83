/**
 * The auth server inside signs HS256 with a secret; users get ES256, whose public key anyone may have, as
 * hosted projects do. The gateway turns one into the other at its two sides.
 */
import { compactVerify, decodeJwt, importJWK, SignJWT, type JSONWebKeySet, type JWTPayload } from 'jose';
import type { ProjectKeys } from './keys.ts';

export interface Tokens {
  /** Public keys, as `/auth/v1/.well-known/jwks.json` gives them. */
  jwks: JSONWebKeySet;
  /** Claims of a token of ours that has not expired; null for any other. */
  verify(token: string): Promise<JWTPayload | null>;
  /** The same claims for the inside; expiry is left to the receiver. Null when the signature is not ours. */
  toInner(token: string): Promise<string | null>;
  /** A token from the inside, for its user; `more` are claims that hosted tokens have and these lack. */
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
