import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { checkUrl } from '@patchbay/shared/engine/outgoing/address-policy';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { describeApi, DOCUMENT_FILE } from '../../ops/api/document.ts';
import { EDGE_FUNCTIONS } from '../../ops/api/edge-functions.ts';
import { SEALED_TABLES } from '../../ops/secrets/rotate.ts';
import { findDifferences } from '../../ops/database/differences.ts';
import { startMigratedDatabase, type MigratedDatabase } from './migrated-database.ts';
import { runSupabaseCli } from '../../ops/database/supabase-cli.ts';
import { committedTypes, generateTypes } from '../../ops/database/types.ts';

const FUNCTIONS = join(import.meta.dirname, '../../supabase/functions');
const Advice = z.object({ results: z.array(z.object({ name: z.string(), detail: z.string() })) });

it('the generated types are those of the migrations: else run `npm run db:types`', async () => {
  expect(await committedTypes()).toBe(await generateTypes(inject('databaseUrl')));
});

it('docs/openapi.json is what migrations and schemas make: else run `npm run api:describe`', async () => {
  expect(await readFile(DOCUMENT_FILE, 'utf8')).toBe(await describeApi(inject('databaseUrl')));
});

it('docs/openapi.json is valid OpenAPI 3.1 and knows every edge function', async () => {
  const document = JSON.parse(await readFile(DOCUMENT_FILE, 'utf8')) as { paths: object };
  const validator = new Validator();
  expect(await validator.validate(document)).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
  const folders = await readdir(FUNCTIONS);
  const described = Object.keys(document.paths).flatMap(
    (path) => /^\/functions\/v1\/(.+)$/.exec(path)?.[1] ?? [],
  );
  // `rest` serves the paths of tables; `function-settings` is for the operator only.
  expect([...described, '_shared', 'function-settings', 'rest'].sort()).toEqual(folders.sort());
  for (const [name, { scope }] of Object.entries(EDGE_FUNCTIONS)) {
    const source = await readFile(join(FUNCTIONS, name, 'index.ts'), 'utf8');
    expect(/^  scope: '([\w:]+)',$/m.exec(source)?.[1] ?? null, name).toBe(scope);
  }
});

it('`supabase db advisors` has nothing to warn of', async () => {
  const where = ['db', 'advisors', `--remote=${inject('databaseUrl')}`];
  const answer = await runSupabaseCli([...where, '--level', 'warn', '--output-format', 'json']);
  expect(Advice.parse(JSON.parse(answer)).results).toEqual([]);
});

describe('`npm run db:diff`', () => {
  let other: MigratedDatabase;
  let sql: Sql;

  beforeAll(async () => {
    other = await startMigratedDatabase();
    sql = postgres(other.url, { max: 1, onnotice: () => undefined });
  });
  afterAll(async () => {
    await sql?.end({ timeout: 2 });
    await other?.stop();
  });

  it('finds nothing between two databases that the migrations made', async () => {
    expect(await findDifferences(inject('databaseUrl'), other.url)).toEqual([]);
  });

  it('finds each kind of thing that somebody changed by hand', async () => {
    await sql.unsafe(`
      drop policy "members see servers" on public.mcp_servers;
      drop policy "members receive the hints of their workspace" on realtime.messages;
      drop trigger patchbay_create_personal_workspace on auth.users;
      drop index public.mcp_servers_user;
      grant select on public.mcp_server_secrets to authenticated;
      alter table public.mcp_servers add column api_key text;
      alter table public.voice_sessions disable row level security;
      create or replace function private.url_origin(p_url text) returns text
        language sql immutable set search_path = '' as 'select null';
      create table auth.of_the_platform (id integer);
    `);
    const differences = await findDifferences(other.url, inject('databaseUrl'));
    expect(differences.map(({ verdict, what }) => `${verdict} ${what}`).sort()).toEqual([
      'different function private.url_origin(text) (def)',
      'different table public.voice_sessions (rowSecurity)',
      'missing index public.mcp_servers_user',
      'missing policy public.mcp_servers "members see servers"',
      'missing policy realtime.messages "members receive the hints of their workspace"',
      'missing trigger auth.users.patchbay_create_personal_workspace',
      'unknown column public.mcp_servers.api_key',
      'unknown grant on table public.mcp_server_secrets to authenticated',
    ]);
  });
});

it('the seed gives a new user servers, and to run it again adds none', async () => {
  const sql = postgres(inject('databaseUrl'), { max: 1, onnotice: () => undefined });
  const seed = await readFile(join(import.meta.dirname, '../../supabase/seed.sql'), 'utf8');
  try {
    await sql`begin`;
    const [user] = await sql<{ id: string }[]>`
      insert into auth.users (id, email) values (gen_random_uuid(), 'seed@database.test') returning id`;
    await sql.unsafe(seed);
    await sql.unsafe(seed);
    const rows = await sql<{ url: string }[]>`select url from public.mcp_servers where user_id = ${user!.id}`;
    expect(rows).toHaveLength(3);
    for (const { url } of rows) expect(() => checkUrl(url, 'public')).not.toThrow();
  } finally {
    await sql`rollback`;
    await sql.end({ timeout: 2 });
  }
});

it('the rotation of the key knows every table that holds something sealed', async () => {
  const sql = postgres(inject('databaseUrl'), { max: 1 });
  const rows = await sql<{ name: string }[]>`
    select table_name as name from information_schema.columns
    where column_name = 'ciphertext' and table_schema = 'public' order by 1`;
  await sql.end({ timeout: 2 });
  expect(rows.map(({ name }) => name)).toEqual(SEALED_TABLES.map(({ table }) => table));
});
