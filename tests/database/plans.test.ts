/** Policies run once per statement and find rows by index, however many rows others have. */
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { listTables } from './example-rows.ts';
import { fillDatabase, hotQueries, type Somebody } from './hot-queries.ts';

const BIG = [
  'mcp_servers',
  'mcp_tools',
  'mcp_server_checks',
  'voice_sessions',
  'tool_calls',
  'agent_configs',
];
/** Functions that read who the caller is. */
const ASKS_WHO = /\b(?:private|auth|realtime)\.\w+\(|\b(?:my_workspace_ids|current_setting|uid|jwt)\(/;

interface Node {
  'Node Type': string;
  'Parent Relationship'?: string | undefined;
  'Relation Name'?: string | undefined;
  conditions: string[];
  Plans: Node[];
}
const Node: z.ZodType<Node> = z.lazy(() =>
  z
    .looseObject({
      'Node Type': z.string(),
      'Parent Relationship': z.string().optional(),
      'Relation Name': z.string().optional(),
      Plans: z.array(Node).default([]),
    })
    .transform((node) => ({
      ...node,
      conditions: Object.entries(node).flatMap(([key, value]) =>
        /Cond$|Filter$/.test(key) && typeof value === 'string' ? [value] : [],
      ),
    })),
);
const Explained = z.array(z.object({ 'QUERY PLAN': z.tuple([z.object({ Plan: Node })]) })).min(1);

let sql: Sql;
let somebody: Somebody;

/** Everything happens in one transaction that is rolled back. */
beforeAll(async () => {
  sql = postgres(inject('databaseUrl'), { max: 1, onnotice: () => undefined });
  await sql`begin`;
  somebody = await fillDatabase(sql, { workspaces: 400, serversEach: 20 });
});
afterAll(async () => {
  await sql`rollback`;
  await sql.end({ timeout: 2 });
});

/** Leaves out nodes that run once before the others. */
async function plan(statement: string): Promise<Node[]> {
  const claims = JSON.stringify({ role: 'authenticated', sub: somebody.userId });
  await sql`savepoint asked`;
  await sql`select set_config('request.jwt.claims', ${claims}, true), set_config('role', 'authenticated', true)`;
  const rows = await sql.unsafe(`explain (format json) ${statement}`);
  await sql`rollback to savepoint asked`;
  const [first] = Explained.parse([...rows]);
  return perRow(first!['QUERY PLAN'][0].Plan);
}

function perRow(node: Node): Node[] {
  if (node['Parent Relationship'] === 'InitPlan') return [];
  return [node, ...node.Plans.flatMap(perRow)];
}

/** Returns what a plan does per row but should do once or never. */
function faults(nodes: Node[]): string[] {
  return nodes.flatMap(({ 'Node Type': type, 'Relation Name': relation = '', conditions }) => [
    ...(type === 'Seq Scan' && BIG.includes(relation) ? [`reads all of ${relation}`] : []),
    ...conditions.filter((text) => ASKS_WHO.test(text) || /\(SubPlan/.test(text)),
  ]);
}

it('hot queries use indexes and call no function for each row', async () => {
  const found: Record<string, string[]> = {};
  for (const { name, statement } of hotQueries(somebody)) found[name] = faults(await plan(statement));
  expect(found).toEqual(Object.fromEntries(hotQueries(somebody).map(({ name }) => [name, []])));
});

it('no policy of any table calls a function for each row', async () => {
  const found: Record<string, string[]> = {};
  for (const table of await listTables(sql)) {
    const conditions: string[] = [];
    for (const [right, statement] of [
      ['select', 'select %c from %t'],
      ['update', 'update %t set %c = %c'],
      ['delete', 'delete from %t'],
    ] as const) {
      const [granted] = await sql<{ name: string }[]>`
        select a.attname as name from pg_attribute a
        where a.attrelid = ${`public.${table}`}::regclass and a.attnum > 0 and not a.attisdropped
          and case ${right}
            when 'delete' then has_table_privilege('authenticated', a.attrelid, 'delete')
            else has_column_privilege('authenticated', a.attrelid, a.attnum, ${right})
          end
        limit 1`;
      if (!granted) continue;
      const asked = statement.replaceAll('%c', granted.name).replace('%t', `public.${table}`);
      conditions.push(...(await plan(asked)).flatMap((node) => node.conditions));
    }
    const bad = conditions.filter((text) => ASKS_WHO.test(text) || /\(SubPlan/.test(text));
    if (bad.length > 0) found[table] = bad;
  }
  expect(found).toEqual({});
});
