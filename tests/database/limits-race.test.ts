import { randomUUID } from 'node:crypto';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';

const AT_ONCE = 20;
const ALLOWED = 5;

let sql: Sql;
let userId: string;
let workspaceId: string;

beforeAll(async () => {
  sql = postgres(inject('databaseUrl'), { max: AT_ONCE, onnotice: () => undefined });
  userId = randomUUID();
  await sql`insert into auth.users (id, email) values (${userId}, ${`${userId}@limits.test`})`;
  const [home] = await sql<{ id: string }[]>`select id from public.workspaces where created_by = ${userId}`;
  workspaceId = home!.id;
});
afterAll(async () => {
  await sql`delete from auth.users where id = ${userId}`;
  await sql.end({ timeout: 2 });
});

async function race(request: (sql: Sql, nth: number) => Promise<unknown>) {
  const answers = await Promise.allSettled(Array.from({ length: AT_ONCE }, (_, nth) => request(sql, nth)));
  const refused = answers.filter((answer) => answer.status === 'rejected');
  const codes = new Set(refused.map(({ reason }) => (reason as { code?: string }).code));
  return { passed: AT_ONCE - refused.length, codes: [...codes] };
}

const limitUser = (name: string) =>
  sql`insert into public.limits (name, user_id, allowed) values (${name}, ${userId}, ${ALLOWED})`;
const talk = (on: Sql) =>
  on`insert into public.voice_sessions (workspace_id, user_id) values (${workspaceId}, ${userId})`;

it('conversations at once', async () => {
  await limitUser('sessions_at_once_per_user');
  expect(await race(talk)).toEqual({ passed: ALLOWED, codes: ['PT409'] });
});

it('conversations of a day', async () => {
  await sql`delete from public.limits where user_id = ${userId}`;
  await sql`delete from public.voice_sessions where user_id = ${userId}`;
  await sql`insert into public.limits (name, user_id, allowed) values
    ('sessions_at_once_per_user', ${userId}, 1000), ('sessions_per_day_per_user', ${userId}, ${2 * ALLOWED})`;
  // Deleted sessions of the first test count too.
  expect(await race(talk)).toEqual({ passed: ALLOWED, codes: ['PT429'] });
});

it('writes of a minute', async () => {
  await limitUser('writes_per_minute_per_user');
  const claims = JSON.stringify({ sub: userId, role: 'authenticated' });
  const write = (on: Sql) =>
    on.begin(async (transaction) => {
      await transaction`
        select set_config('request.jwt.claims', ${claims}, true), set_config('role', 'authenticated', true)`;
      await transaction`update public.mcp_servers set description = 'x'`;
    });
  expect(await race(write)).toEqual({ passed: ALLOWED, codes: ['PT429'] });
});

it('servers of an owner, in several workspaces', async () => {
  await limitUser('servers_per_user');
  const workspaces = await sql<{ id: string }[]>`
    insert into public.workspaces (name, created_by)
    select 'Workspace ' || n, ${userId} from generate_series(1, 4) n returning id`;
  const add = (on: Sql, nth: number) => on`
    insert into public.mcp_servers (workspace_id, user_id, name, url)
    values (${workspaces[nth % 4]!.id}, ${userId}, ${`Server ${nth}`}, 'https://x.example')`;
  expect(await race(add)).toEqual({ passed: ALLOWED, codes: ['PT409'] });
});
