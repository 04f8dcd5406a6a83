import { createClient } from '@supabase/supabase-js';
import { decodeProtectedHeader, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { joinTopic, openProject, PASSWORD, type Project, type User } from './fixtures/project.ts';

let project: Project;

beforeAll(async () => {
  project = await openProject();
}, 60_000);
afterAll(() => project?.close());

const signUp = (name: string): Promise<User> => project.signUp(name);

describe('auth', () => {
  test('sign-up gives a session at once, sign-in and refresh another', async () => {
    const { email, id } = await signUp('ann');
    const again = project.client();
    const { data, error } = await again.auth.signInWithPassword({ email, password: PASSWORD });
    expect(error).toBeNull();
    expect(data.user?.id).toBe(id);
    expect((await again.auth.refreshSession()).error).toBeNull();
    expect((await again.auth.getUser()).data.user?.email).toBe(email);
    const wrong = await project.client().auth.signInWithPassword({ email, password: 'wrong horse' });
    expect(wrong.error?.code).toBe('invalid_credentials');
  });

  test('getClaims verifies with the public key alone', async () => {
    const { client: ann, id, token } = await signUp('ann');
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'ES256', kid: expect.any(String) });
    const asked: string[] = [];
    const offline = createClient(project.supabase.url, project.supabase.publishableKey, {
      global: {
        fetch: (input, init) => {
          asked.push(input instanceof Request ? input.url : input.toString());
          return fetch(input, init);
        },
      },
    });
    const { data } = await offline.auth.getClaims(token);
    expect(data?.claims).toMatchObject({
      sub: id,
      role: 'authenticated',
      iss: `${project.supabase.url}/auth/v1`,
    });
    expect(asked).toEqual([`${project.supabase.url}/auth/v1/.well-known/jwks.json`]);
    await ann.auth.signOut();
  });

  test('a forged token is refused by getClaims, REST, auth and Realtime', async () => {
    const { id, token } = await signUp('ann');
    const { kid } = decodeProtectedHeader(token);
    const { privateKey } = await generateKeyPair('ES256');
    const forged = await new SignJWT({ sub: id, role: 'service_role', aud: 'authenticated' })
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: kid ?? '' })
      .setExpirationTime('1h')
      .sign(privateKey);
    expect((await project.client().auth.getClaims(forged)).data).toBeNull();
    const headers = { apikey: project.supabase.publishableKey, authorization: `Bearer ${forged}` };
    expect((await fetch(`${project.supabase.url}/rest/v1/notes`, { headers })).status).toBe(401);
    expect((await fetch(`${project.supabase.url}/auth/v1/user`, { headers })).status).toBeGreaterThanOrEqual(
      401,
    );
    const mallory = project.client();
    await mallory.realtime.setAuth(forged);
    const { status, reason } = await joinTopic(mallory, `notes:${id}`);
    expect(status).toBe('CHANNEL_ERROR');
    expect(reason).toContain('InvalidJWTToken');
  });

  test('sign-ins and refreshes of one address are limited together, those of another are not', async () => {
    const { client, email } = await signUp('ann');
    const from = (address: string) =>
      project.client(project.supabase.secretKey, { global: { headers: { 'Sb-Forwarded-For': address } } });
    const attempts = Array.from({ length: 40 }, async () => {
      const unknown = { refresh_token: crypto.randomUUID() };
      return (await from('203.0.113.1').auth.refreshSession(unknown)).error?.code;
    });
    const codes = await Promise.all(attempts);
    expect(codes.filter((code) => code === 'refresh_token_not_found').length).toBeGreaterThanOrEqual(30);
    const account = { email, password: PASSWORD };
    expect((await from('203.0.113.1').auth.signInWithPassword(account)).error).toMatchObject({
      status: 429,
      code: 'over_request_rate_limit',
    });
    expect((await from('203.0.113.2').auth.signInWithPassword(account)).error).toBeNull();
    expect((await client.auth.refreshSession()).error).toBeNull();
  });

  test('a request without a key, or with a wrong one, is refused', async () => {
    expect((await fetch(`${project.supabase.url}/rest/v1/notes`)).status).toBe(401);
    const headers = { apikey: 'sb_publishable_wrong' };
    expect((await fetch(`${project.supabase.url}/rest/v1/notes`, { headers })).status).toBe(401);
  });
});

test('Auth refuses a body of more than 5 MB while it is read', async () => {
  const pieces = Array.from({ length: 6 * 16 }, () => new Uint8Array(65_536).fill(120));
  const response = await fetch(`${project.supabase.url}/auth/v1/signup`, {
    method: 'POST',
    headers: { apikey: project.supabase.publishableKey },
    body: ReadableStream.from(pieces),
    duplex: 'half',
  });
  expect([response.status, await response.json()]).toEqual([
    413,
    { code: 'body_too_large', message: 'The request is larger than 5 MB. Send less at once.' },
  ]);
});

test('a function is not handed a body of more than 5 MB', async () => {
  const { token } = await signUp('ann');
  const pieces = Array.from({ length: 6 * 16 }, () => new Uint8Array(65_536).fill(120));
  const response = await fetch(`${project.supabase.url}/functions/v1/whoami`, {
    method: 'POST',
    headers: { apikey: project.supabase.publishableKey, authorization: `Bearer ${token}` },
    body: ReadableStream.from(pieces),
    duplex: 'half',
  });
  expect(response.status).toBe(413);
});

describe('rest', () => {
  test('two users never see each other, the secret key sees all', async () => {
    const [ann, bob] = await Promise.all([signUp('ann'), signUp('bob')]);
    const { data: note } = await ann.client.from('notes').insert({ title: 'mine' }).select('id').single();
    expect((await bob.client.from('notes').select('id')).data).toEqual([]);
    await bob.client.from('notes').update({ title: 'stolen' }).eq('id', note?.id);
    await bob.client.from('notes').delete().eq('id', note?.id);
    const all = await project
      .client(project.supabase.secretKey)
      .from('notes')
      .select('title, secret')
      .eq('id', note?.id);
    expect(all.data).toEqual([{ title: 'mine', secret: 'hidden' }]);
    expect((await project.client().from('notes').select('id')).error?.code).toBe('42501');
  });

  test('column grants hold after requests under RLS', async () => {
    const { client: ann } = await signUp('ann');
    await ann.from('notes').insert({ title: 'first' });
    await ann.from('notes').select('id');
    expect((await ann.from('notes').insert({ title: 'x', status: 'done' })).error?.code).toBe('42501');
    expect((await ann.from('notes').update({ status: 'done' }).neq('title', '')).error?.code).toBe('42501');
    expect((await ann.from('notes').select('secret')).error?.code).toBe('42501');
  });

  test('answers as PostgREST does: ISO timestamps, 400 for bad data and for RAISE', async () => {
    const { client: ann } = await signUp('ann');
    const { data } = await ann.from('notes').insert({ title: 'x' }).select('created_at').single();
    expect(data?.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$/);
    expect(await ann.from('notes').insert({ title: '' })).toMatchObject({
      status: 400,
      error: { code: '23514' },
    });
    expect(await ann.rpc('refuse')).toMatchObject({ status: 400, error: { message: 'not like this' } });
  });

  test('requests of many users at the same time never run under one another’s role', async () => {
    const [ann, bob] = await Promise.all([signUp('ann'), signUp('bob')]);
    const callers = [
      { who: ann.client, expected: { role: 'authenticated', uid: ann.id } },
      { who: bob.client, expected: { role: 'authenticated', uid: bob.id } },
      { who: project.client(), expected: { role: 'anon', uid: null } },
      { who: project.client(project.supabase.secretKey), expected: { role: 'service_role', uid: null } },
    ];
    const rounds = Array.from({ length: 40 }, () => callers).flat();
    const answers = await Promise.all(rounds.map(({ who }) => who.rpc('who_am_i')));
    expect(answers.map(({ data }) => data as unknown)).toEqual(rounds.map(({ expected }) => expected));
  });
});

describe('functions', () => {
  const ask = (path: string, headers: Record<string, string>, body?: string): Promise<Response> =>
    fetch(`${project.supabase.url}/functions/v1/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      body: body ?? null,
    });

  test('a function knows its user, and acts under the user’s policies', async () => {
    const ann = await signUp('ann');
    await ann.client.from('notes').insert({ title: 'for the function' });
    const { data, error } = await ann.client.functions.invoke('whoami', { body: 'hello' });
    expect(error).toBeNull();
    expect(data).toEqual({ id: ann.id, body: 'hello', notes: [{ title: 'for the function' }] });
  });

  test('nobody else gets in', async () => {
    const apikey = project.supabase.publishableKey;
    expect((await ask('whoami', { apikey })).status).toBe(401);
    expect((await ask('whoami', { apikey, authorization: 'Bearer ey.not.mine' })).status).toBe(401);
    const preflight = await fetch(`${project.supabase.url}/functions/v1/whoami`, {
      method: 'OPTIONS',
      headers: { origin: 'http://127.0.0.1:4100', 'access-control-request-method': 'POST' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
  });

  test('a missing function is 404, one that cannot start is 503, and neither disturbs the others', async () => {
    expect((await ask('nowhere', {})).status).toBe(404);
    expect((await ask('..%2f..%2fmain', {})).status).toBe(404);
    expect((await ask('broken', {})).status).toBe(503);
    const { client: ann } = await signUp('ann');
    expect((await ann.functions.invoke('whoami', { body: '' })).error).toBeNull();
  });

  test('they come back after a restart, and after a crash', async () => {
    await project.supabase.restartFunctions();
    expect((await ask('nowhere', {})).status).toBe(404);
    expect((await ask('crash', {})).status).toBe(503);
    await expect
      .poll(async () => (await ask('nowhere', {})).status, { timeout: 5_000, interval: 20 })
      .toBe(404);
  });
});

test('a restart keeps users, rows, keys and tokens', async () => {
  const ann = await signUp('ann');
  await ann.client.from('notes').insert({ title: 'kept' });
  const { publishableKey, secretKey } = project.supabase;
  await project.restart();
  expect(project.supabase).toMatchObject({ publishableKey, secretKey, migrated: [] });
  const headers = { apikey: publishableKey, authorization: `Bearer ${ann.token}` };
  const response = await fetch(`${project.supabase.url}/rest/v1/notes?select=title`, { headers });
  expect(await response.json()).toEqual([{ title: 'kept' }]);
});
