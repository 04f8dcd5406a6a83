import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withClientIp } from './client-ip.ts';

const SOURCES = join(import.meta.dirname, '../../..');
const KEY = 'sb_secret_canary';
const PUBLISHABLE = { apikey: 'sb_publishable_1', authorization: 'Bearer sb_publishable_1' };

async function sent(path: string, env: Record<string, string>, address = '203.0.113.7'): Promise<Headers> {
  let seen: Request | undefined;
  const send: typeof fetch = async (input, init) => {
    seen = new Request(input, init);
    return new Response();
  };
  const call = withClientIp(send, () => address, env);
  await call(`https://project.supabase.co${path}`, { method: 'POST', headers: PUBLISHABLE, body: '{"a":1}' });
  if (!seen) throw new Error('nothing was sent');
  expect(await seen.text()).toBe('{"a":1}');
  return seen.headers;
}

const ON = { PATCHBAY_CLIENT_IP_KEY: KEY };

it.each([
  '/auth/v1/token?grant_type=password',
  '/auth/v1/token?grant_type=refresh_token',
  '/auth/v1/signup',
  '/auth/v1/recover?redirect_to=x',
  '/auth/v1/otp',
  '/auth/v1/resend',
  '/auth/v1/verify',
])("%s carries the client's IP address and the key that Auth requires", async (path) => {
  const headers = await sent(path, ON);
  expect(headers.get('sb-forwarded-for')).toBe('203.0.113.7');
  expect(headers.get('apikey')).toBe(KEY);
  expect(headers.get('authorization')).toBeNull();
});

it.each([
  '/rest/v1/mcp_servers',
  '/auth/v1/admin/users',
  '/auth/v1/user',
  '/auth/v1/logout',
  '/auth/v1/token/more',
  '/functions/v1/auth/v1/token',
])('%s never sees the key', async (path) => {
  const headers = await sent(path, ON);
  expect(headers.get('apikey')).toBe(PUBLISHABLE.apikey);
  expect(headers.get('authorization')).toBe(PUBLISHABLE.authorization);
  expect(headers.get('sb-forwarded-for')).toBeNull();
});

it.each<[string, Record<string, string>, string]>([
  ['without a key', {}, '203.0.113.7'],
  ['with a key that is not secret', { PATCHBAY_CLIENT_IP_KEY: 'sb_publishable_2' }, '203.0.113.7'],
  ['in a preview', { ...ON, VERCEL_ENV: 'preview' }, '203.0.113.7'],
  ['for a list that a client may have begun', ON, '198.51.100.1, 203.0.113.7'],
  ['for no address', ON, ''],
])('nothing is forwarded %s', async (_, env, address) => {
  const headers = await sent('/auth/v1/token', env, address);
  expect(headers.get('apikey')).toBe(PUBLISHABLE.apikey);
  expect(headers.get('sb-forwarded-for')).toBeNull();
});

it('no other module of the page uses the key', () => {
  const files = globSync('**/*.{ts,svelte}', { cwd: SOURCES });
  const naming = files.filter((file) =>
    /PATCHBAY_CLIENT_IP_KEY|SECRET_KEY|sb_secret_/.test(readFileSync(join(SOURCES, file), 'utf8')),
  );
  expect(naming.sort()).toEqual(['lib/server/auth/client-ip.test.ts', 'lib/server/auth/client-ip.ts']);
});
