import { setImmediate as tick } from 'node:timers/promises';
import fc from 'fast-check';
import postgres, { type ISql, type Sql } from 'postgres';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';

/** The tests store this in place of the ciphertext. */
interface Place {
  workspace_id: string;
  url: string;
  auth_method: string;
  credential_scope: string;
}

const HOSTS = ['https://one.example', 'https://two.example', 'http://one.example'];
const METHODS = ['api_key', 'bearer_token', 'none'];
const WRITERS = 3;

const Edit = fc.record({
  ticks: fc.nat(4),
  change: fc.oneof(
    fc.record({ url: fc.constantFrom(...HOSTS.flatMap((host) => [`${host}/a`, `${host}/b`])) }),
    fc.record({ auth_method: fc.constantFrom(...METHODS) }),
    fc.record({ credential_scope: fc.constantFrom('workspace', 'member') }),
    fc.record({ workspace: fc.nat(1) }),
  ),
});
/** Delays around the moment when a function reads the server and stores what it sealed. */
const Store = fc.record({ before: fc.nat(4), between: fc.nat(6) });
const Run = fc.record({
  edits: fc.array(Edit, { minLength: 1, maxLength: 6 }),
  writers: fc.array(fc.array(Store, { maxLength: 4 }), { minLength: WRITERS, maxLength: WRITERS }),
});
type Run = typeof Run extends fc.Arbitrary<infer Value> ? Value : never;

let editor: Sql;
let writers: Sql[];
let workspaces: string[];
let userId: string;

beforeAll(async () => {
  const open = (): Sql => postgres(inject('databaseUrl'), { max: 1, onnotice: () => undefined });
  editor = open();
  writers = Array.from({ length: WRITERS }, open);
  const [user] = await editor<{ id: string }[]>`
    insert into auth.users (id, email) values (gen_random_uuid(), 'race@database.test') returning id`;
  userId = user!.id;
  await editor`insert into public.workspaces (name, created_by) values ('Second', ${userId})`;
  const found = await editor<{ id: string }[]>`
    select id from public.workspaces where created_by = ${userId}`;
  workspaces = found.map(({ id }) => id);
});
afterAll(() => Promise.all([editor, ...writers].map((sql) => sql.end({ timeout: 2 }))));

async function addServer(): Promise<string> {
  const [added] = await editor<{ id: string }[]>`
    insert into public.mcp_servers (workspace_id, name, url, auth_method)
    values (${workspaces[0]!}, 'Raced', 'https://one.example/a', 'api_key') returning id`;
  return added!.id;
}

async function look(sql: ISql, id: string): Promise<Place> {
  const [place] = await sql<Place[]>`
    select workspace_id, url, auth_method, credential_scope from public.mcp_servers where id = ${id}`;
  return place!;
}

async function store(sql: ISql, id: string, place: Place): Promise<string> {
  const { workspace_id, url, auth_method } = place;
  const holderId = place.credential_scope === 'member' ? userId : null;
  try {
    await sql`select public.put_server_secret(
      ${id}, ${workspace_id}, ${url}, ${auth_method}, ${JSON.stringify(place)}, 'nonce', 'key-1',
      p_holder_id => ${holderId})`;
    return 'stored';
  } catch (error) {
    if (!(error instanceof postgres.PostgresError) || error.code !== 'PT409') throw error;
    return error.detail === undefined ? 'refused' : (JSON.parse(error.detail) as { code: string }).code;
  }
}

async function stored(id: string): Promise<{ sealedFor: Place; server: Place } | null> {
  const [row] = await editor<
    (Place & {
      ciphertext: string | null;
      user_id: string | null;
      has_credential: boolean;
      is_held: boolean;
      is_used: boolean;
    })[]
  >`
    select s.workspace_id, s.url, s.auth_method, s.credential_scope, s.has_credential,
      s.credential_held_since is not null as is_held, x.ciphertext, x.user_id,
      exists (select from private.credential_for(s, ${userId}) k where k.id = x.id) as is_used
    from public.mcp_servers s left join public.mcp_server_secrets x on x.server_id = s.id where s.id = ${id}`;
  const { ciphertext, user_id, has_credential, is_held, is_used, ...server } = row!;
  expect(has_credential).toBe(ciphertext !== null && user_id === null);
  expect(is_held).toBe(ciphertext !== null && !is_used);
  if (is_held) return null;
  if (ciphertext !== null) expect(user_id !== null).toBe(server.credential_scope === 'member');
  return ciphertext === null ? null : { sealedFor: JSON.parse(ciphertext) as Place, server };
}

async function runOnce({ edits, writers: stores }: Run): Promise<void> {
  const id = await addServer();
  async function edit(): Promise<void> {
    for (const { ticks, change } of edits) {
      for (let i = 0; i < ticks; i += 1) await tick();
      const set = 'workspace' in change ? { workspace_id: workspaces[change.workspace]! } : change;
      await editor`update public.mcp_servers set ${editor(set)} where id = ${id}`;
    }
  }
  async function write(sql: Sql, mine: (typeof stores)[number]): Promise<void> {
    for (const { before, between } of mine) {
      for (let i = 0; i < before; i += 1) await tick();
      const place = await look(sql, id);
      for (let i = 0; i < between; i += 1) await tick();
      await store(sql, id, place);
    }
  }
  await Promise.all([edit(), ...stores.map((mine, i) => write(writers[i]!, mine))]);
  const end = await stored(id);
  if (end) expect(end.sealedFor).toEqual(end.server);
  await editor`delete from public.mcp_servers where id = ${id}`;
}

it('whatever is stored in the end belongs to what the server is', async () => {
  await fc.assert(fc.asyncProperty(Run, runOnce), { numRuns: 80 });
});

it('a credential that meets an edit on its way waits for it, and is refused', async () => {
  const id = await addServer();
  const [writer] = writers as [Sql];
  const read = await look(writer, id);
  let outcome: Promise<string> | undefined;
  await editor.begin(async (sql) => {
    await sql`update public.mcp_servers set url = 'https://evil.example/mcp' where id = ${id}`;
    outcome = store(writer, id, read);
    await waitsForLock(sql);
  });
  expect(await outcome).toBe('server_changed');
  expect(await stored(id)).toBeNull();
});

it('an edit that meets a credential on its way waits for it, and drops it', async () => {
  const id = await addServer();
  const [writer] = writers as [Sql];
  const read = await look(editor, id);
  let edited: Promise<unknown> | undefined;
  await writer.begin(async (sql) => {
    expect(await store(sql, id, read)).toBe('stored');
    edited =
      editor`update public.mcp_servers set url = 'https://evil.example/mcp' where id = ${id}`.execute();
    await waitsForLock(sql);
  });
  await edited;
  expect(await stored(id)).toBeNull();
});

it('another path of the same origin is another address', async () => {
  const id = await addServer();
  const read = await look(editor, id);
  await editor`update public.mcp_servers set url = 'https://one.example/elsewhere' where id = ${id}`;
  expect(await store(editor, id, read)).toBe('server_changed');
});

it('a confirmation that meets another edit is refused, and the key stays held', async () => {
  const id = await addServer();
  const [writer] = writers as [Sql];
  const { workspace_id, url } = await look(editor, id);
  await editor`select public.put_server_secret(
    ${id}, ${workspace_id}, ${url}, 'api_key', 'sealed', 'nonce', 'key-1', p_actor => ${userId})`;
  await editor`update public.mcp_servers set url = 'https://one.example/b' where id = ${id}`;
  const [held] = await editor<
    { held: { id: string } }[]
  >`select public.held_secret(${id}, ${userId}) as held`;
  const secret = { ciphertext: 'anew', nonce: 'nonce', key_id: 'key-1' };
  let outcome: Promise<unknown> | undefined;
  await editor.begin(async (sql) => {
    await sql`update public.mcp_servers set url = 'https://one.example/attacker' where id = ${id}`;
    outcome = writer`select public.confirm_secret(
      ${id}, ${held!.held.id}, 'https://one.example/b', ${secret as never}, ${userId})`.catch(
      (error: unknown) => (error as postgres.PostgresError).code,
    );
    await waitsForLock(sql);
  });
  expect(await outcome).toBe('PT409');
  expect(await stored(id)).toBeNull();
});

async function waitsForLock(sql: ISql): Promise<void> {
  await expect
    .poll(async () => {
      const [row] = await sql<{ count: number }[]>`
        select count(*)::integer from pg_stat_activity
        where wait_event_type = 'Lock' and datname = current_database()`;
      return row!.count;
    })
    .toBe(1);
}
