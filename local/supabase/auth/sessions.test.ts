import { createClient } from '@supabase/supabase-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openProject, PASSWORD, type Project } from '../fixtures/project.ts';

let project: Project;
beforeAll(async () => {
  project = await openProject();
}, 60_000);
afterAll(() => project?.close());

function browser(name: string) {
  const { url, publishableKey } = project.supabase;
  return createClient(url, publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: { headers: { 'user-agent': name } },
  });
}

const sessionsOf = (userId: string) => project.sql<
  { id: string; user_agent: string; ip: string; refreshed: boolean }[]
>`
  select id, user_agent, host(ip) as ip, refreshed_at is not null as refreshed from auth.sessions
  where user_id = ${userId} order by created_at`;

test('a session says from which browser and address it was opened and refreshed', async () => {
  const email = `${crypto.randomUUID()}@example.test`;
  const [first, second] = [browser('First/1'), browser('Second/1')];
  const { data } = await first.auth.signUp({ email, password: PASSWORD });
  const userId = data.user!.id;
  await second.auth.signInWithPassword({ email, password: PASSWORD });
  expect(await sessionsOf(userId)).toMatchObject([
    { user_agent: 'First/1', ip: '127.0.0.1', refreshed: false },
    { user_agent: 'Second/1', ip: '127.0.0.1', refreshed: false },
  ]);
  expect((await first.auth.refreshSession()).error).toBeNull();
  expect(await sessionsOf(userId)).toMatchObject([{ refreshed: true }, { refreshed: false }]);
});

test('the refresh of a deleted session is refused, and other sessions go on', async () => {
  const email = `${crypto.randomUUID()}@example.test`;
  const [first, second] = [browser('First/1'), browser('Second/1')];
  const { data } = await first.auth.signUp({ email, password: PASSWORD });
  await second.auth.signInWithPassword({ email, password: PASSWORD });
  const [one] = await sessionsOf(data.user!.id);
  await project.sql`delete from auth.sessions where id = ${one!.id}`;
  expect((await first.auth.refreshSession()).error).toMatchObject({
    status: 400,
    code: 'refresh_token_not_found',
  });
  expect((await second.auth.refreshSession()).error).toBeNull();
});
