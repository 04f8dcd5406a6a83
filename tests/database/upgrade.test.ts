import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { frozenUpTo, readReleased } from '../../ops/release/released.ts';
import { applyMigrations } from '../../local/supabase/migrations.ts';
import { findDifferences } from '../../ops/database/differences.ts';
import { EXAMPLES } from './example-rows.ts';
import { startMigratedDatabase, type MigratedDatabase } from './migrated-database.ts';

const MIGRATIONS = join(import.meta.dirname, '../../supabase/migrations');
const FILES = readdirSync(MIGRATIONS).sort();
/** Undefined table, column, schema and function: a later migration creates them. */
const NOT_YET = new Set(['42P01', '42703', '3F000', '42883']);

const released = readReleased();
/** The first release is installed as a whole: nobody uses the product between two of its migrations. */
const BASELINE = frozenUpTo(released, released.releases[0]?.version);
const FIRST = BASELINE.length > 0 ? BASELINE : FILES;

function makeFolder(files: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-migrations-'));
  for (const file of files) cpSync(join(MIGRATIONS, file), join(folder, file));
  return folder;
}

async function signUp(version: string, sql: Sql): Promise<{ version: string; id: string; rows: number }> {
  const [user] = await sql<{ id: string }[]>`
    insert into auth.users (id, email) values (gen_random_uuid(), ${`${version}@upgrade.test`}) returning id`;
  const id = user!.id;
  const [workspace] = await sql<{ id: string }[]>`select id from public.workspaces where created_by = ${id}`;
  let rows = 0;
  for (const { make } of Object.values(EXAMPLES)) {
    if (!make) continue;
    try {
      await sql.unsafe(make({ workspaceId: workspace!.id, userId: id }));
      rows += 1;
    } catch (error) {
      if (!(error instanceof postgres.PostgresError && NOT_YET.has(error.code))) throw error;
    }
  }
  return { version, id, rows };
}

describe('a database that gets one migration at a time', () => {
  let folder: string;
  let database: MigratedDatabase;
  let sql: Sql;
  const people: Awaited<ReturnType<typeof signUp>>[] = [];

  beforeAll(async () => {
    folder = makeFolder(FIRST);
    database = await startMigratedDatabase(folder);
    sql = postgres(database.url, { max: 1, onnotice: () => undefined });
    people.push(await signUp('first', sql));
    for (const file of FILES.filter((name) => !FIRST.includes(name))) {
      cpSync(join(MIGRATIONS, file), join(folder, file));
      expect(await applyMigrations(sql, folder)).toEqual([file]);
      people.push(await signUp(file, sql));
    }
  });
  afterAll(async () => {
    await sql?.end({ timeout: 2 });
    await database?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('accepts new people and their rows after each migration, and never fewer kinds of rows', () => {
    expect(people).toHaveLength(FILES.length - FIRST.length + 1);
    const rows = people.map((person) => person.rows);
    expect(rows).toEqual(rows.toSorted((a, b) => a - b));
    expect(rows.at(-1)).toBe(Object.values(EXAMPLES).filter(({ make }) => make).length);
  });

  it('gives people who signed up early everything that people who sign up now get', async () => {
    const missing = await sql`
      select u.email from auth.users u
      where not exists (
        select from public.workspaces w
        join public.workspace_members m on m.workspace_id = w.id and m.user_id = u.id and m.role = 'owner'
        join public.agent_configs a on a.workspace_id = w.id and a.is_default
        where w.created_by = u.id and w.is_personal
      )`;
    expect(missing).toEqual([]);
    const unscheduled = await sql`
      select s.id from public.mcp_servers s left join public.mcp_server_health h on h.server_id = s.id
      where h.server_id is null`;
    expect(unscheduled).toEqual([]);
  });

  it('equals a database that got all migrations at once', async () => {
    expect(await findDifferences(database.url, inject('databaseUrl'))).toEqual([]);
  });
});

async function countRows(sql: Sql): Promise<Map<string, number>> {
  const tables = await sql<{ name: string }[]>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'public' order by 1`;
  const counts = new Map<string, number>();
  for (const { name } of tables) {
    const [row] = await sql.unsafe<{ n: number }[]>(`select count(*)::int as n from ${name}`);
    counts.set(name, row?.n ?? 0);
  }
  return counts;
}

/** A future migration, so that upgrades are tested even with a single release. */
const NEXT = {
  file: '29990101000000_example.sql',
  content: 'alter table public.workspaces add column example text;',
  difference: { verdict: 'unknown', what: 'column public.workspaces.example' },
};
const RELEASES = [
  { name: 'this version', files: FILES },
  ...released.releases.map(({ version }) => ({ name: version, files: frozenUpTo(released, version) })),
];

describe.each(RELEASES)('an upgrade from $name', ({ name, files }) => {
  let folder: string;
  let database: MigratedDatabase;
  let sql: Sql;
  beforeAll(async () => {
    folder = makeFolder(files);
    database = await startMigratedDatabase(folder);
    sql = postgres(database.url, { max: 1, onnotice: () => undefined });
  });
  afterAll(async () => {
    await sql?.end({ timeout: 2 });
    await database?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('applies the other migrations, keeps what people stored, and equals a new database', async () => {
    const person = await signUp(name, sql);
    expect(person.rows).toBeGreaterThan(10);
    const before = await countRows(sql);
    const later = FILES.filter((file) => !files.includes(file));
    for (const file of later) cpSync(join(MIGRATIONS, file), join(folder, file));
    writeFileSync(join(folder, NEXT.file), NEXT.content);
    expect(await applyMigrations(sql, folder)).toEqual([...later, NEXT.file]);
    const after = await countRows(sql);
    const lost = [...before].filter(([table, n]) => after.has(table) && (after.get(table) ?? 0) < n);
    expect(lost).toEqual([]);
    expect(await findDifferences(database.url, inject('databaseUrl'))).toEqual([NEXT.difference]);
  });
});
