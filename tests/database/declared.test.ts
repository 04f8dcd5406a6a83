import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { findDifferences } from '../../ops/database/differences.ts';
import { renderMigration } from '../../ops/database/render-migration.ts';
import { SCHEMAS, startMigratedDatabase, type MigratedDatabase } from './migrated-database.ts';

let declared: MigratedDatabase;
let sql: Sql;
let migrated: Sql;

beforeAll(async () => {
  declared = await startMigratedDatabase(SCHEMAS);
  sql = postgres(declared.url, { max: 1, onnotice: () => undefined });
  migrated = postgres(inject('databaseUrl'), { max: 1, onnotice: () => undefined });
});
afterAll(async () => {
  await sql?.end({ timeout: 2 });
  await migrated?.end({ timeout: 2 });
  await declared?.stop();
});

it('the schemas declare the database that the migrations build: else run `npm run db:migration`', async () => {
  expect(await findDifferences(declared.url, inject('databaseUrl'))).toEqual([]);
  expect(await renderMigration()).toBe('');
});

it.each([
  [
    'the default limits',
    'select name, allowed from public.limits where workspace_id is null and user_id is null',
  ],
  [
    'the retention of history',
    'select table_name, time_column, keep::text, condition from private.retention',
  ],
])('the schemas insert the same rows as the migrations for %s', async (_, query) => {
  expect(await sql.unsafe(`${query} order by 1`)).toEqual(await migrated.unsafe(`${query} order by 1`));
});

it('every SQL function is valid, even if a generated migration did not check it', async () => {
  const functions = await migrated<{ definition: string }[]>`
    select pg_get_functiondef(p.oid) as definition from pg_proc p join pg_language l on l.oid = p.prolang
    where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace) and l.lanname = 'sql'`;
  expect(functions.length).toBeGreaterThan(50);
  for (const { definition } of functions) await migrated.unsafe(definition);
});

interface Trigger {
  table: string;
  name: string;
  time: string;
}

function readTriggerComments(): Map<string, Record<string, string[]>> {
  const found = new Map<string, Record<string, string[]>>();
  for (const file of readdirSync(SCHEMAS)) {
    const text = readFileSync(join(SCHEMAS, file), 'utf8');
    for (const [, comment = '', table = ''] of text.matchAll(/((?:^--.*\n)*)create table ([\w.]+) \(/gm)) {
      const list = comment.split('-- Triggers, in firing order:\n')[1];
      if (list === undefined) continue;
      const lines = list.replace(/^-- {4,}/gm, ' ').replace(/\n {2}/g, ' ');
      const times = [...lines.matchAll(/-- {3}((?:before|after) (?:row|statement)): ([^:]*?)(?=\n--|\n*$)/g)];
      found.set(
        table,
        Object.fromEntries(times.map(([, time = '', names = '']) => [time, names.trim().split(/,\s+/)])),
      );
    }
  }
  return found;
}

it('the comment above each table lists its triggers in the order in which they fire', async () => {
  // Postgres fires triggers of the same timing in order of their names.
  const triggers = await sql<Trigger[]>`
    select n.nspname || '.' || c.relname as table, t.tgname as name,
      case when t.tgtype & 2 <> 0 then 'before' else 'after' end
        || case when t.tgtype & 1 <> 0 then ' row' else ' statement' end as time
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
    where not t.tgisinternal and n.nspname in ('public', 'private') order by t.tgname collate "C"`;
  const expected: Record<string, Record<string, string[]>> = {};
  for (const { table, name, time } of triggers) ((expected[table] ??= {})[time] ??= []).push(name);
  expect(Object.fromEntries(readTriggerComments())).toEqual(expected);
});

it('`npm run db:migration` writes what a changed schema needs, with privileges and policies', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-schemas-'));
  try {
    cpSync(SCHEMAS, folder, { recursive: true });
    appendFileSync(
      join(folder, '19_operations.sql'),
      `create table public.colors (id uuid primary key);
       alter table public.colors enable row level security;
       grant select on public.colors to authenticated;
       create policy "everyone sees colors" on public.colors for select to authenticated using (true);`,
    );
    await sql.unsafe(await renderMigration(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const differences = await findDifferences(declared.url, inject('databaseUrl'));
  expect(differences.map(({ verdict, what }) => `${verdict} ${what}`)).toEqual(
    expect.arrayContaining([
      'unknown table public.colors',
      'unknown grant on table public.colors to authenticated',
      'unknown policy public.colors "everyone sees colors"',
    ]),
  );
});
