/** Migrations go up from nothing, from each earlier one and from each release, with what people had stored by then. */
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { frozenUpTo, readReleased } from '../release/released.ts';
import { applyMigrations } from '../supabase/migrations.ts';
import { findDifferences } from './differences.ts';
import { EXAMPLES } from './example-rows.ts';
import { startMigratedDatabase, type MigratedDatabase } from './migrated-database.ts';

const MIGRATIONS = join(import.meta.dirname, '../../supabase/migrations');
const FILES = readdirSync(MIGRATIONS).sort();
/** Tables and columns that a later migration brings. */
const NOT_YET = new Set(['42P01', '42703', '3F000', '42883']);

let folder: string;
let database: MigratedDatabase;
let sql: Sql;
/** Ids of those who signed up at each version, and how many kinds of rows they had by then. */
const people: { version: string; id: string; rows: number }[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'patchbay-migrations-'));
  database = await startMigratedDatabase(folder);
  sql = postgres(database.url, { max: 1, onnotice: () => undefined });
  for (const file of FILES) {
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

/** Somebody comes, and stores one of everything that there is at this version. */
async function signUp(version: string, sql: Sql): Promise<(typeof people)[number]> {
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

it('each version takes people and what they store, later ones more', () => {
  expect(people).toHaveLength(FILES.length);
  const rows = people.map((person) => person.rows);
  expect(rows).toEqual(rows.toSorted((a, b) => a - b));
  expect(rows.at(-1)).toBe(Object.values(EXAMPLES).filter(({ make }) => make).length);
});

it('whoever came early has in the end what a newcomer has', async () => {
  const missing = await sql`
    select u.email from auth.users u
    where not exists (
      select from public.workspaces w
      join public.workspace_members m on m.workspace_id = w.id and m.user_id = u.id and m.role = 'owner'
      join public.agent_configs a on a.workspace_id = w.id and a.is_default
      where w.created_by = u.id and w.is_personal
    )`;
  expect(missing).toEqual([]);
  const unwatched = await sql`
    select s.id from public.mcp_servers s left join public.mcp_server_health h on h.server_id = s.id
    where h.server_id is null`;
  expect(unwatched).toEqual([]);
});

it('and the database is the same as one that was made at once', async () => {
  expect(await findDifferences(database.url, inject('databaseUrl'))).toEqual([]);
});

const released = readReleased();
/** As long as nothing is released, a part of the migrations stands for a release: the upgrade itself is the same. */
const EXAMPLE = { name: 'a release of the first half', files: FILES.slice(0, FILES.length / 2) };
const RELEASES = [
  EXAMPLE,
  ...released.releases.map(({ version }) => ({ name: version, files: frozenUpTo(released, version) })),
];

describe.each(RELEASES)('from $name', ({ name, files }) => {
  let folder: string;
  let database: MigratedDatabase;
  let sql: Sql;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'patchbay-release-'));
    for (const file of files) cpSync(join(MIGRATIONS, file), join(folder, file));
    database = await startMigratedDatabase(folder);
    sql = postgres(database.url, { max: 1, onnotice: () => undefined });
  });
  afterAll(async () => {
    await sql?.end({ timeout: 2 });
    await database?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function countRows(): Promise<Map<string, number>> {
    const tables = await sql<{ name: string }[]>`
      select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'public' order by 1`;
    const counts = new Map<string, number>();
    for (const { name } of tables) {
      const [row] = await sql.unsafe<{ n: number }[]>(`select count(*)::int as n from ${name}`);
      counts.set(name, row?.n ?? 0);
    }
    return counts;
  }

  it('the other migrations apply, what people had stored stays, and the result is that of a new database', async () => {
    const person = await signUp(name, sql);
    expect(person.rows).toBeGreaterThan(10);
    const before = await countRows();
    expect(await applyMigrations(sql, MIGRATIONS)).toEqual(FILES.filter((file) => !files.includes(file)));
    const after = await countRows();
    const lost = [...before].filter(([table, n]) => after.has(table) && (after.get(table) ?? 0) < n);
    expect(lost).toEqual([]);
    expect(await findDifferences(database.url, inject('databaseUrl'))).toEqual([]);
  });
});
