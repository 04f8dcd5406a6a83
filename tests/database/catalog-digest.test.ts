/** The monitor stores a list only if its digest differs, so both sides must compute the same one. */
import { digestOf } from '../../agent-worker/src/monitor/probes/prober.ts';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';

let sql: Sql;
let serverId: string;

beforeAll(async () => {
  sql = postgres(inject('databaseUrl'), { max: 1, onnotice: () => undefined });
  await sql`begin`;
  const [user] = await sql<{ id: string }[]>`
    insert into auth.users (id, email) values (gen_random_uuid(), 'digest@database.test') returning id`;
  const [server] = await sql<{ id: string }[]>`
    insert into public.mcp_servers (workspace_id, user_id, name, url)
    select id, ${user!.id}, 'Notes', 'https://a.test' from public.workspaces where created_by = ${user!.id}
    returning id`;
  serverId = server!.id;
});

afterAll(async () => {
  await sql`rollback`;
  await sql.end();
});

const tool = (name: string) => ({ name, fingerprint: `of ${name}`, input_schema: { type: 'object' } });
const skipped = [
  { name: 'bad', reason: 'The input schema is not an object.' },
  { name: 'worse', reason: 'The tool has no name.' },
];

it.each([
  ['no tools', { tools: [], skipped: [] }],
  ['tools', { tools: [tool('b'), tool('a'), tool('É')], skipped: [] }],
  ['tools that cannot be used', { tools: [tool('a')], skipped }],
  ['a note', { tools: [tool('a')], skipped: [], note: 'The list does not end.' }],
  ['all of it', { tools: [tool('b'), tool('a')], skipped, note: 'The list does not end.' }],
])('the digest of a list with %s is the same on both sides', async (_what, list) => {
  await sql`
    select public.store_catalog(
      s.id, s.config_version, clock_timestamp(), ${sql.json(list.tools)}, ${sql.json(list.skipped)},
      ${'note' in list ? list.note : null}
    ) from public.mcp_servers s where s.id = ${serverId}`;
  const [health] = await sql<{ catalog_digest: string }[]>`
    select catalog_digest from public.mcp_server_health where server_id = ${serverId}`;
  expect(health?.catalog_digest).toBe(digestOf(list));
});
