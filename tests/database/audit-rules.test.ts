/** Every change leaves an audit event or is exempt here with a reason. */
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

const EXEMPT: Record<string, string> = {
  'delete workspaces': 'the trail is deleted with its workspace',
  'insert notice_reads': 'who has read a notice changes nothing for others',
};

/** Columns that place a row; the event has workspace and actor. */
const PLACE = ['id', 'workspace_id', 'user_id', 'agent_config_id'];

/** The event's subject for each function of the Data API that may write, or why there is none. */
const FUNCTIONS: Record<string, string> = {
  accept_invitation: 'workspace_members',
  create_api_token: 'api_tokens',
  create_invitation: 'workspace_invitations',
  delete_account: 'accounts',
  end_conversation: 'none: the conversation says when and why it ended',
  end_other_sessions: 'sessions',
  end_session: 'sessions',
  export_workspace: 'workspaces',
  import_workspace: 'workspaces',
  preview_invitation: 'none: only reads',
  remove_tag: 'mcp_servers',
  rename_tag: 'mcp_servers',
  revoke_api_token: 'api_tokens',
  revoke_my_api_tokens: 'api_tokens',
  transfer_ownership: 'workspace_members',
  watch_workspace: 'none: asks the monitor to probe sooner',
};

const SUBJECTS_BESIDE_TABLES = ['accounts', 'sessions'];

let sql: Sql;
beforeAll(() => {
  sql = postgres(inject('databaseUrl'), { max: 1, onnotice: () => undefined });
});
afterAll(() => sql.end({ timeout: 2 }));

interface Write {
  table: string;
  /** Null for a deletion. */
  columns: string[] | null;
  operation: 'insert' | 'update' | 'delete';
}

async function listWrites(): Promise<Write[]> {
  return await sql<Write[]>`
    select c.relname as "table", o.name as operation, case when o.name <> 'delete' then array_agg(distinct a.attname) end as columns
    from pg_class c
    cross join (values ('insert'), ('update'), ('delete')) as o (name)
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    cross join (values ('authenticated'), ('api_token')) as r (name)
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and case o.name
      when 'delete' then has_table_privilege(r.name, c.oid, 'delete')
      else has_column_privilege(r.name, c.oid, a.attnum, o.name)
    end
    group by 1, 2 order by 1, 2`;
}

interface Trigger {
  table: string;
  on_insert: boolean;
  on_update: boolean;
  on_delete: boolean;
  /** Empty: any. */
  columns: string[];
  /** Empty if the function chooses the fields itself. */
  fields: string;
}

async function listTriggers(): Promise<Trigger[]> {
  return await sql<Trigger[]>`
    select t.tgrelid::regclass::text as "table",
      t.tgtype & 4 > 0 as on_insert, t.tgtype & 16 > 0 as on_update, t.tgtype & 8 > 0 as on_delete,
      array(select a.attname from pg_attribute a where a.attrelid = t.tgrelid and a.attnum = any (t.tgattr)) as columns,
      replace(encode(t.tgargs, 'escape'), '\\000', ' ') as fields
    from pg_trigger t join pg_proc p on p.oid = t.tgfoid
    where p.pronamespace = 'private'::regnamespace and p.proname like 'audit%' and t.tgenabled <> 'D'`;
}

/** A deletion counts as a column. */
function silentColumns({ table, columns, operation }: Write, triggers: Trigger[]): string[] {
  const fitting = triggers.filter((one) => one.table === table && one[`on_${operation}`]);
  if (columns === null) return fitting.length > 0 ? [] : ['(rows)'];
  return columns.filter((column) => {
    if (PLACE.includes(column)) return operation === 'update' && !moves(column, fitting);
    return !fitting.some((one) => {
      const fires = operation === 'insert' || one.columns.length === 0 || one.columns.includes(column);
      return fires && (one.fields === '' || one.fields.split(' ').includes(column));
    });
  });
}

const moves = (column: string, triggers: Trigger[]): boolean =>
  triggers.some(({ columns }) => columns.length === 0 || columns.includes(column));

describe('the audit trail', () => {
  it('has an event for every column that a user or an API token may write', async () => {
    const [writes, triggers] = [await listWrites(), await listTriggers()];
    expect(writes.length).toBeGreaterThan(10);
    const silent = writes.flatMap((write) => {
      const name = `${write.operation} ${write.table}`;
      const columns = silentColumns(write, triggers);
      return columns.length > 0 && !(name in EXEMPT) ? [`${name}: ${columns.join(', ')}`] : [];
    });
    expect(silent).toEqual([]);
  });

  it('has no exemption for what cannot be written, or has an event', async () => {
    const [writes, triggers] = [await listWrites(), await listTriggers()];
    const needed = writes.filter((write) => silentColumns(write, triggers).length > 0);
    const names = needed.map(({ operation, table }) => `${operation} ${table}`);
    expect(Object.keys(EXEMPT).filter((name) => !names.includes(name))).toEqual([]);
  });

  it('has a rule for every function of the API that may write', async () => {
    const found = await sql<{ name: string }[]>`
      select p.proname as name from pg_proc p
      where p.pronamespace = 'public'::regnamespace and p.provolatile = 'v' and p.prorettype <> 'trigger'::regtype
        and (has_function_privilege('authenticated', p.oid, 'execute') or has_function_privilege('api_token', p.oid, 'execute'))
        and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
      order by 1`;
    expect(found.map(({ name }) => name)).toEqual(Object.keys(FUNCTIONS).sort());
    const subjects = new Set([
      ...(await listTriggers()).map(({ table }) => table),
      ...SUBJECTS_BESIDE_TABLES,
    ]);
    const unknown = Object.values(FUNCTIONS).filter(
      (rule) => !rule.startsWith('none: ') && !subjects.has(rule),
    );
    expect(unknown).toEqual([]);
  });

  it('takes no rows from clients, and lets nobody change or remove them', async () => {
    const open = await sql`
      select r.name, p.name as privilege from unnest(array['anon', 'authenticated', 'api_token']) as r (name),
        unnest(array['insert', 'update', 'delete', 'truncate']) as p (name)
      where has_table_privilege(r.name, 'public.audit_events', p.name)`;
    expect(open).toEqual([]);
  });

  it('misses a column that a trigger forgets', async () => {
    const triggers = (await listTriggers()).map((one) =>
      one.table === 'agent_configs' ? { ...one, fields: one.fields.replace('system_prompt', '') } : one,
    );
    const write = (await listWrites()).find(
      ({ table, operation }) => table === 'agent_configs' && operation === 'update',
    );
    expect(silentColumns(write!, triggers)).toEqual(['system_prompt']);
  });
});
