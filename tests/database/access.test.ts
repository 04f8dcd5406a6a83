/** Measured as each role, and compared with the table in docs/data.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { EXAMPLES, listTables, makeExamples, within } from './example-rows.ts';

const INSIDERS = ['owner', 'admin', 'member', 'viewer'] as const;
const OUTSIDERS = ['removed', 'stranger', 'anonymous'] as const;
const PEOPLE = [...INSIDERS, ...OUTSIDERS];
type Who = (typeof PEOPLE)[number];
type Right = 'see' | 'add' | 'change' | 'remove';
type Extent = 'all' | 'own' | 'none';

/** Codes of rules that refuse what the role itself may do. */
const RULES = ['PT409'];

const OUTSIDE: Record<string, Partial<Record<Who, string>>> = {
  workspaces: { removed: 'add', stranger: 'add' },
  // Former members still know which notices they read, but can't read the notices.
  notice_reads: { removed: 'see own' },
};

let sql: Sql;
let tables: string[];
const userIds = {} as Record<Who, string>;
let workspaceId: string;

beforeAll(async () => {
  sql = postgres(inject('databaseUrl'), { max: 1, onnotice: () => undefined });
  for (const who of PEOPLE) {
    const [user] = await sql<{ id: string }[]>`
      insert into auth.users (id, email) values (gen_random_uuid(), ${`${who}@access.test`}) returning id`;
    userIds[who] = user!.id;
  }
  const [workspace] = await sql<{ id: string }[]>`
    insert into public.workspaces (name, created_by) values ('Team', ${userIds.owner}) returning id`;
  workspaceId = workspace!.id;
  for (const who of ['admin', 'member', 'viewer', 'removed'] as const) {
    const role = who === 'removed' ? 'admin' : who;
    await sql`
      insert into public.workspace_members (workspace_id, user_id, role)
      values (${workspaceId}, ${userIds[who]}, ${role})`;
  }
  // Viewers and former members may have added rows before.
  await makeExamples(
    sql,
    workspaceId,
    PEOPLE.slice(0, 5).map((who) => userIds[who]),
  );
  for (const who of INSIDERS) {
    await sql`
      insert into public.agent_configs (workspace_id, user_id, name)
      values (${workspaceId}, ${userIds[who]}, 'Free')`;
  }
  await sql`delete from public.workspace_members where user_id = ${userIds.removed} and workspace_id = ${workspaceId}`;
  tables = await listTables(sql);
});
afterAll(async () => {
  await sql`delete from auth.users where email like '%@access.test'`;
  await sql.end({ timeout: 2 });
});

async function attempt(who: Who, statement: string): Promise<number | string> {
  const role = who === 'anonymous' ? 'anon' : 'authenticated';
  const claims = JSON.stringify({ role, ...(who !== 'anonymous' && { sub: userIds[who] }) });
  await sql`begin`;
  try {
    await sql`select set_config('request.jwt.claims', ${claims}, true), set_config('role', ${role}, true)`;
    return (await sql.unsafe(statement)).count;
  } catch (error) {
    if (error instanceof postgres.PostgresError) return error.code;
    throw error;
  } finally {
    await sql`rollback`;
  }
}

async function columnsOf(
  table: string,
  right: 'select' | 'insert' | 'update',
  role: string,
): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select a.attname as name from pg_attribute a
    where a.attrelid = ${`public.${table}`}::regclass and a.attnum > 0 and not a.attisdropped
      and has_column_privilege(${role}, a.attrelid, a.attnum, ${right})
    order by a.attnum`;
  return rows.map(({ name }) => name);
}

async function rowsOf(table: string): Promise<string[]> {
  const keys = await sql<{ name: string }[]>`
    select a.attname as name from pg_index i
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
    where i.indrelid = ${`public.${table}`}::regclass and i.indisprimary`;
  const names = keys.map(({ name }) => name);
  const rows = await sql.unsafe<Record<string, string>[]>(
    `select ${names.map((name) => `${name}::text`).join(', ')} from public.${table} where ${within(table, workspaceId)}`,
  );
  return rows.map((row) => names.map((name) => `${name} = '${row[name]}'`).join(' and '));
}

function extent(answers: (number | string)[]): Extent {
  const outcomes = answers.filter((answer) => !RULES.includes(String(answer)));
  const unforeseen = outcomes.filter((answer) => typeof answer === 'string' && answer !== '42501');
  expect(unforeseen).toEqual([]);
  const done = outcomes.filter((answer) => answer === 1).length;
  return done === 0 ? 'none' : done === outcomes.length ? 'all' : 'own';
}

async function measure(who: Who, table: string): Promise<Record<Right, Extent>> {
  const role = who === 'anonymous' ? 'anon' : 'authenticated';
  const rows = await rowsOf(table);
  expect(rows.length, `example-rows.ts makes rows of ${table}`).toBeGreaterThan(0);
  const each = async (statement: (condition: string) => string): Promise<Extent> => {
    const answers: (number | string)[] = [];
    for (const condition of rows) answers.push(await attempt(who, statement(condition)));
    return extent(answers);
  };
  const [readable = '*'] = await columnsOf(table, 'select', role);
  const [writable] = await columnsOf(table, 'update', role);
  const [anyColumn] = await columnsOf(table, 'select', 'service_role');
  const { add } = EXAMPLES[table] ?? {};
  const insert = add?.({ workspaceId, userId: userIds[who] }) ?? `insert into public.${table} default values`;
  if (!add) expect(await columnsOf(table, 'insert', role), `example-rows.ts adds to ${table}`).toEqual([]);
  return {
    see: await each((row) => `select ${readable} from public.${table} where ${row}`),
    add: extent([await attempt(who, insert)]),
    change: await each((row) => {
      const column = writable ?? anyColumn;
      return `update public.${table} set ${column} = ${column} where ${row}`;
    }),
    remove: await each((row) => `delete from public.${table} where ${row}`),
  };
}

/** As docs/data.md writes it: `see, add, change own, remove own`; a dash for nothing. */
function words(rights: Record<Right, Extent>): string {
  const listed = Object.entries(rights).flatMap(([right, held]) =>
    held === 'none' ? [] : [held === 'all' ? right : `${right} own`],
  );
  return listed.join(', ') || '–';
}

function documented(): Map<string, string[]> {
  const text = readFileSync(join(import.meta.dirname, '../../docs/data.md'), 'utf8');
  const rows = text.split('\n').flatMap((line) => {
    const [, table, cells] = /^\| `(\w+)`\s*\|(.*)\|$/.exec(line) ?? [];
    return table && cells ? [[table, cells.split('|').map((cell) => cell.trim())] as const] : [];
  });
  return new Map(rows.filter(([, cells]) => cells.length === INSIDERS.length));
}

it('every table has an example, and a row in docs/data.md', () => {
  expect(Object.keys(EXAMPLES).sort()).toEqual(tables);
  expect([...documented().keys()].sort()).toEqual(tables);
});

describe.each(Object.keys(EXAMPLES))('%s', (table) => {
  it('gives each role of its workspace what docs/data.md says', async () => {
    const measured: string[] = [];
    for (const who of INSIDERS) measured.push(words(await measure(who, table)));
    expect(measured).toEqual(documented().get(table));
  });

  it.each(OUTSIDERS)('gives nothing to somebody who is %s', async (who) => {
    expect(words(await measure(who, table))).toBe(OUTSIDE[table]?.[who] ?? '–');
  });
});
