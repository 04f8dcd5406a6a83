import type { SupabaseClient } from '@supabase/supabase-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openProject, PASSWORD, type Project } from '../fixtures/project.ts';

let project: Project;
let admin: SupabaseClient['auth']['admin'];

beforeAll(async () => {
  project = await openProject();
  admin = project.client(project.supabase.secretKey).auth.admin;
}, 60_000);
afterAll(() => project?.close());

const newAddress = (): string => `${crypto.randomUUID()}@example.test`;

async function createUser(email = newAddress()) {
  const { data, error } = await admin.createUser({
    email,
    password: PASSWORD,
    email_confirm: true,
    user_metadata: { name: 'Ann' },
    app_metadata: { plan: 'pro' },
  });
  if (error) throw error;
  return data.user;
}

const signIn = (email: string, password = PASSWORD) =>
  project.client().auth.signInWithPassword({ email, password });

describe('with the secret key', () => {
  test('an account that was created can sign in, and is told as it was made', async () => {
    const user = await createUser();
    expect(user).toMatchObject({
      role: 'authenticated',
      app_metadata: { provider: 'email', plan: 'pro' },
      user_metadata: { name: 'Ann' },
      identities: [{ provider: 'email', identity_data: { email: user.email } }],
    });
    expect(user.email_confirmed_at).toBeTruthy();
    const { data } = await signIn(user.email ?? '');
    expect(data.user?.id).toBe(user.id);
    const told = await admin.getUserById(user.id);
    expect(told.data.user).toMatchObject({ id: user.id, email: user.email });
    expect(told.data.user?.last_sign_in_at).toBeTruthy();
    expect(JSON.stringify(told)).not.toContain('$2a$');
  });

  test('an account without a confirmed address cannot sign in until it is confirmed', async () => {
    const email = newAddress();
    const { data } = await admin.createUser({ email, password: PASSWORD });
    expect((await signIn(email)).error).toMatchObject({ code: 'email_not_confirmed' });
    await admin.updateUserById(data.user?.id ?? '', { email_confirm: true });
    expect((await signIn(email)).error).toBeNull();
  });

  test('a bad account is refused with a code', async () => {
    const { email } = await createUser();
    const refused = async (attributes: Parameters<typeof admin.createUser>[0]) =>
      (await admin.createUser(attributes)).error;
    expect(await refused({ email: email ?? '', password: PASSWORD })).toMatchObject({
      status: 422,
      code: 'email_exists',
    });
    expect(await refused({ email: newAddress(), password: 'short' })).toMatchObject({
      code: 'weak_password',
    });
    expect(await refused({})).toMatchObject({ status: 400, code: 'validation_failed' });
  });

  test('accounts are listed by page', async () => {
    await Promise.all(Array.from({ length: 3 }, () => createUser()));
    const first = await admin.listUsers({ page: 1, perPage: 2 });
    expect(first.data).toMatchObject({ nextPage: 2 });
    expect(first.data.users).toHaveLength(2);
    const second = await admin.listUsers({ page: 2, perPage: 2 });
    const [newest] = first.data.users;
    expect(second.data.users.map(({ id }) => id)).not.toContain(newest?.id);
    expect((await admin.listUsers()).data.users.length).toBeGreaterThan(2);
  });

  test('address, password, metadata and bans are changed at once', async () => {
    const { id, email } = await createUser();
    const newEmail = newAddress();
    const { data } = await admin.updateUserById(id, {
      email: newEmail,
      password: 'another long password',
      user_metadata: { name: null, city: 'Bergen' },
    });
    expect(data.user).toMatchObject({ email: newEmail, user_metadata: { city: 'Bergen' } });
    expect(data.user?.user_metadata).not.toHaveProperty('name');
    expect((await signIn(email ?? '')).error).toMatchObject({ code: 'invalid_credentials' });
    expect((await signIn(newEmail, 'another long password')).error).toBeNull();

    expect((await admin.updateUserById(id, { ban_duration: '24h' })).data.user?.banned_until).toBeTruthy();
    const freed = await admin.updateUserById(id, { ban_duration: 'none' });
    expect(freed.data.user?.banned_until).toBeUndefined();
  });

  test('a hard delete removes the account, and its address is free again', async () => {
    const { id, email } = await createUser();
    expect((await admin.deleteUser(id)).error).toBeNull();
    expect((await admin.getUserById(id)).error).toMatchObject({ status: 404, code: 'user_not_found' });
    expect((await createUser(email)).id).not.toBe(id);
  });

  test('a soft delete keeps the row, ends the sessions, and tells nothing of the person', async () => {
    const { id, email } = await createUser();
    const person = project.client();
    await person.auth.signInWithPassword({ email: email ?? '', password: PASSWORD });
    expect((await admin.deleteUser(id, true)).error).toBeNull();

    const { data } = await admin.getUserById(id);
    expect(data.user?.deleted_at).toBeTruthy();
    expect(JSON.stringify(data)).not.toContain(email);
    expect(data.user).toMatchObject({ user_metadata: {}, app_metadata: {} });
    expect((await person.auth.refreshSession()).error).not.toBeNull();
    expect((await signIn(email ?? '')).error).toMatchObject({ code: 'invalid_credentials' });
    expect((await createUser(email)).id).not.toBe(id);
  });
});

describe('without it', () => {
  const calls = (client: SupabaseClient, id: string) => [
    client.auth.admin.listUsers(),
    client.auth.admin.getUserById(id),
    client.auth.admin.createUser({ email: newAddress(), password: PASSWORD }),
    client.auth.admin.updateUserById(id, { password: 'taken over by me' }),
    client.auth.admin.deleteUser(id),
  ];

  test('the publishable key and the token of a user are refused', async () => {
    const { id, email } = await createUser();
    const ann = await project.signUp('ann');
    const bearing = (key: string) =>
      project.client(key, { global: { headers: { Authorization: `Bearer ${ann.token}` } } });
    const intruders = [
      project.client(),
      bearing(project.supabase.publishableKey),
      // As in hosted Auth, a token takes precedence over the key.
      bearing(project.supabase.secretKey),
    ];
    for (const client of intruders) {
      for (const { error } of await Promise.all(calls(client, id)))
        expect(error).toMatchObject({ status: 403, code: 'not_admin' });
    }
    expect((await signIn(email ?? '')).error).toBeNull();
  });

  test('an unknown key is refused', async () => {
    for (const { error } of await Promise.all(calls(project.client('sb_secret_wrong'), crypto.randomUUID())))
      expect(error?.status).toBe(401);
  });
});
