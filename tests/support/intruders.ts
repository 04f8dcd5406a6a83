import { dirname, join } from 'node:path';
import { importJWK, SignJWT, generateKeyPair, type JWTPayload } from 'jose';
import { loadKeys } from '../../local/supabase/keys.ts';
import { newPerson, type Person } from './person.ts';
import { runningStack } from './running-stack.ts';

export interface Intruder {
  who: string;
  /** Null: no token. */
  token: string | null;
}

/** The access token of a signed-in person. */
export async function tokenOf({ client }: Person): Promise<string> {
  const { data } = await client.auth.getSession();
  if (!data.session) throw new Error('The person is not signed in.');
  return data.session.access_token;
}

/**
 * Everybody who is not in the workspace of `owner`: strangers, people without an account, and tokens that claim to
 * be the owner's and are not, or are not any more.
 */
export async function outsiders(owner: Person): Promise<Intruder[]> {
  const stranger = await newPerson('stranger');
  const claims = { sub: owner.id, role: 'authenticated', aud: 'authenticated' };
  return [
    { who: 'another user', token: await tokenOf(stranger) },
    { who: 'nobody', token: null },
    { who: 'a forged token', token: await forge(claims) },
    { who: 'a forged service token', token: await forge({ ...claims, role: 'service_role' }) },
    { who: 'an unsigned token', token: unsigned(claims) },
    { who: 'an expired token', token: await expired(claims) },
  ];
}

async function forge(claims: JWTPayload): Promise<string> {
  const { signingKey } = await projectKeys();
  const { privateKey } = await generateKeyPair('ES256');
  return sign(claims, privateKey, signingKey.kid, '1h');
}

/** Signed with the project's own key. */
async function expired(claims: JWTPayload): Promise<string> {
  const { signingKey } = await projectKeys();
  return sign(claims, await importJWK(signingKey, 'ES256'), signingKey.kid, '-1m');
}

function sign(claims: JWTPayload, key: Parameters<SignJWT['sign']>[0], kid: string, lifetime: string) {
  const issuer = `${runningStack().supabase_url}/auth/v1`;
  const token = new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid });
  return token.setIssuer(issuer).setIssuedAt('-2h').setExpirationTime(lifetime).sign(key);
}

function unsigned(claims: JWTPayload): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 3600;
  return `${part({ alg: 'none', typ: 'JWT' })}.${part({ ...claims, exp })}.`;
}

function projectKeys() {
  return loadKeys(join(dirname(process.env['PATCHBAY_STACK'] ?? ''), 'supabase'));
}
