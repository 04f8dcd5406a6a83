import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { applyMigrations } from './migrations.ts';
import { startPostgres, type RunningPostgres } from './postgres.ts';

let dataDir: string;
let folder: string;
let database: RunningPostgres;
let sql: Sql;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'patchbay-migrations-'));
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  database = await startPostgres({ dataDir, port, password: 'secret', log: () => undefined });
  sql = postgres(database.url, { max: 2, onnotice: () => undefined });
  await sql.unsafe(await readFile(join(import.meta.dirname, 'prelude.sql'), 'utf8')).simple();
}, 60_000);

afterAll(async () => {
  await sql?.end();
  await database?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

beforeEach(async () => {
  await sql`truncate supabase_migrations.schema_migrations`;
  await sql`drop table if exists public.a, public.b`;
  folder = join(dataDir, `migrations-${crypto.randomUUID()}`);
  await mkdir(folder);
});

const write = (name: string, content: string): Promise<void> => writeFile(join(folder, name), content);

test('applies in order, once, and records as the CLI does', async () => {
  await write('20260102_second.sql', 'insert into a values (1);');
  await write('20260101_first.sql', 'create table a (n int); select 1;');
  await write('README.md', 'not a migration');
  expect(await applyMigrations(sql, folder)).toEqual(['20260101_first.sql', '20260102_second.sql']);
  expect(await applyMigrations(sql, folder)).toEqual([]);
  const rows = await sql`select version, name from supabase_migrations.schema_migrations order by version`;
  expect([...rows]).toEqual([
    { version: '20260101', name: 'first' },
    { version: '20260102', name: 'second' },
  ]);
});

test('a failing migration leaves nothing of itself, and its file and line are named', async () => {
  await write('1_good.sql', 'create table a (n int);');
  await write('2_bad.sql', 'create table b (n int);\n\nselect nonsense;');
  await expect(applyMigrations(sql, folder)).rejects.toThrow(/2_bad\.sql \(line 3\): .*nonsense/);
  const [found] = await sql`select to_regclass('public.a')::text as a, to_regclass('public.b')::text as b`;
  expect(found).toEqual({ a: 'a', b: null });
  await write('2_bad.sql', 'create table b (n int);');
  expect(await applyMigrations(sql, folder)).toEqual(['2_bad.sql']);
});

const hasTable = async (name: string): Promise<boolean> => {
  const [found] = await sql<
    { there: boolean }[]
  >`select to_regclass(${`public.${name}`}) is not null as there`;
  return found?.there === true;
};

test('a database of other migrations is from before the first release: the way to carry servers over is told', async () => {
  await write('1_first.sql', 'create table a (n int);');
  await applyMigrations(sql, folder);
  await write('0_before.sql', 'create table b (n int);');
  await write('1_first.sql', 'create table a (n bigint);');
  const refusal = await applyMigrations(sql, folder).catch((error: Error) => error.message);
  expect(refusal).toMatch(
    /^This database is from before 0\.1\.0.*cannot be upgraded: 1_first\.sql was changed/,
  );
  expect(refusal).toContain('/workspace/transfer');
  expect(refusal).toContain('npm start -- --fresh');
  expect(await hasTable('b')).toBe(false);
});

test('refuses a database with a migration that no longer exists, even if newer ones do', async () => {
  await write('1_first.sql', 'create table a (n int);');
  await applyMigrations(sql, folder);
  await rm(join(folder, '1_first.sql'));
  await write('2_second.sql', 'create table b (n int);');
  await expect(applyMigrations(sql, folder)).rejects.toThrow(
    /from before 0\.1\.0.*migration 1 is no longer there/,
  );
  expect(await hasTable('b')).toBe(false);
});

test('reports a database from a newer version', async () => {
  await write('1_first.sql', 'create table a (n int);');
  await write('2_second.sql', 'create table b (n int);');
  await applyMigrations(sql, folder);
  await rm(join(folder, '2_second.sql'));
  await expect(applyMigrations(sql, folder)).rejects.toThrow(
    /newer version of Patchbay: migration 2 isn't in this checkout[^]*Update the checkout[^]*npm start -- --fresh/,
  );
});
