import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { NewApiToken } from '@patchbay/shared/contract/schema/api-token';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startNotes } from '../../local/servers/notes.ts';
import type { LoopbackServer } from '../../local/servers/loopback-server.ts';
import { startSupabase, type RunningSupabase } from '../../local/supabase/start.ts';

const KEY = 'notes-key-of-the-backup';
const PASSWORD = 'test-password';
const EMAIL = 'backup@patchbay.local';
const SECRETS_KEYS = `k1:${randomBytes(32).toString('base64')}`;
type Id = { id: string };

interface Project {
  supabase: RunningSupabase;
  sql: Sql;
  user: SupabaseClient;
}

let notes: LoopbackServer;
let before: Project;
let after: Project;
const ends: (() => Promise<unknown>)[] = [];

async function startProject(): Promise<Project> {
  const dataDir = await mkdtemp(join(tmpdir(), 'patchbay-restore-'));
  ends.push(() => rm(dataDir, { recursive: true, force: true }));
  const supabase = await startSupabase({
    dataDir,
    ports: { gateway: 0, postgres: 0, functions: 0 },
    functionsEnv: { PATCHBAY_SECRETS_KEYS: SECRETS_KEYS, PATCHBAY_ADDRESS_POLICY: 'local' },
  });
  ends.push(() => supabase.stop());
  const sql = postgres(supabase.databaseUrl, { max: 2, onnotice: () => undefined });
  ends.push(() => sql.end({ timeout: 2 }));
  const user = createClient(supabase.url, supabase.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  return { supabase, sql, user };
}

beforeAll(async () => {
  notes = await startNotes({ port: 0, apiKey: KEY });
  ends.push(() => notes.close());
  [before, after] = await Promise.all([startProject(), startProject()]);
});
afterAll(async () => {
  for (const end of ends.toReversed()) await end();
});

async function tablesOf(sql: Sql): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname in ('auth', 'public', 'private') order by 1`;
  return rows.map(({ name }) => name);
}

async function filledTables(sql: Sql): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of await tablesOf(sql)) {
    const [row] = await sql.unsafe<{ n: number }[]>(`select count(*)::int as n from ${table}`);
    if (row && row.n > 0) counts[table] = row.n;
  }
  return counts;
}

async function emptyingStatement(): Promise<string> {
  const text = await readFile(join(import.meta.dirname, '../../docs/operate.md'), 'utf8');
  return /^ *-c '(truncate [^']+)'/m.exec(text)?.[1] ?? '';
}

/** As `pg_dump --data-only` and psql do: COPY of each table, with triggers disabled. */
async function bringData(from: Sql, to: Sql): Promise<void> {
  const tables = await tablesOf(from);
  const emptying = await emptyingStatement();
  await to.begin(async (transaction) => {
    await transaction.unsafe(`set local session_replication_role = replica; ${emptying}`).simple();
    for (const table of tables) {
      await pipeline(
        await from.unsafe(`copy ${table} to stdout`).readable(),
        await transaction.unsafe(`copy ${table} from stdin`).writable(),
      );
    }
  });
}

const invoke = async ({ user }: Project, name: string, body: object): Promise<unknown> =>
  (await user.functions.invoke<unknown>(name, { body })).data;

it('people, servers, keys, tools, tokens and the trail are as they were', async () => {
  await before.user.auth.signUp({ email: EMAIL, password: PASSWORD });
  const { data: workspace } = await before.user.from('workspaces').select('id').single<Id>().throwOnError();
  const row = { name: 'Notes', url: notes.url, auth_method: 'api_key', tags: ['kept'] };
  const added = await before.user.from('mcp_servers').insert(row).select('id').single<Id>().throwOnError();
  const { id } = added.data;
  await invoke(before, 'server-credential', { server_id: id, credential: KEY });
  await invoke(before, 'discover-tools', { server_id: id });
  const args = { p_workspace_id: workspace.id, p_name: 'Kept', p_scopes: ['servers:test'] };
  const made = await before.user.rpc('create_api_token', args).throwOnError();

  const filledByMigrations = Object.keys(await filledTables(after.sql));
  expect((await emptyingStatement()).replace('truncate ', '').split(', ').sort()).toEqual(filledByMigrations);
  await bringData(before.sql, after.sql);
  expect(await filledTables(after.sql)).toEqual(await filledTables(before.sql));

  const { error } = await after.user.auth.signInWithPassword({ email: EMAIL, password: PASSWORD });
  expect(error).toBeNull();
  for (const table of ['mcp_servers', 'mcp_tools', 'agent_configs', 'audit_events']) {
    const [was, is] = [await before.user.from(table).select(), await after.user.from(table).select()];
    expect(was.data?.length, table).toBeGreaterThan(0);
    expect(is.data, table).toEqual(was.data);
  }
  expect(await invoke(after, 'test-connection', { server_id: id })).toMatchObject({ ok: true });
  const { token } = NewApiToken.parse(made.data);
  const answer = await fetch(`${after.supabase.url}/functions/v1/rest/mcp_servers?select=tags`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(await answer.json()).toEqual([{ tags: ['kept'] }]);
});

it('and life goes on: rules, triggers and new people', async () => {
  const newcomer = await after.user.auth.signUp({ email: 'new@patchbay.local', password: PASSWORD });
  expect(newcomer.error).toBeNull();
  const { data: agents } = await after.user.from('agent_configs').select('name').throwOnError();
  expect(agents).toHaveLength(1);
  const { data: server } = await after.user
    .from('mcp_servers')
    .insert({ name: 'Notes', url: notes.url })
    .select('slug, position')
    .single()
    .throwOnError();
  expect(server).toEqual({ slug: 'notes', position: 1 });
});
