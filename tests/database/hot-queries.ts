/** Frequent queries, and a database large enough to tell a good plan from a bad one. */
import type { Sql } from 'postgres';

export interface HotQuery {
  name: string;
  statement: string;
}

export interface Crowd {
  workspaces: number;
  serversEach: number;
}

export interface Somebody {
  userId: string;
  workspaceId: string;
  serverId: string;
  sessionId: string;
}

const SHARED_WORKSPACES = 4;

/**
 * Makes workspaces with their owners, servers, tools, checks, sessions and calls, past the triggers.
 * @param sql of the database's owner
 * @returns one of the users
 */
export async function fillDatabase(sql: Sql, { workspaces, serversEach }: Crowd): Promise<Somebody> {
  await sql`set session_replication_role = replica`;
  await sql.unsafe(`
    create temporary table crowd as
      select gen_random_uuid() as user_id, gen_random_uuid() as workspace_id, n
      from generate_series(1, ${workspaces}) n;
    insert into auth.users (id, email) select user_id, 'crowd-' || n || '@crowd.test' from crowd;
    insert into public.workspaces (id, name, created_by, is_personal)
      select workspace_id, 'Workspace ' || n, user_id, true from crowd;
    insert into public.workspace_members (workspace_id, user_id, role)
      select workspace_id, user_id, 'owner' from crowd
      union all
      select a.workspace_id, b.user_id, 'member'
      from crowd a join crowd b on a.n <> b.n and (a.n - b.n) between 1 and ${SHARED_WORKSPACES};
    insert into public.agent_configs (workspace_id, user_id, name, is_default)
      select workspace_id, user_id, 'Assistant', true from crowd;
    insert into public.mcp_servers (workspace_id, user_id, name, slug, url, position)
      select workspace_id, user_id, 'Server ' || s, 'server-' || s, 'https://crowd.example/' || s, s
      from crowd, generate_series(1, ${serversEach}) s;
    insert into public.mcp_tools (server_id, workspace_id, name, input_schema, fingerprint)
      select id, workspace_id, 'tool_' || t, '{}', 'f' from public.mcp_servers, generate_series(1, 2) t;
    insert into public.mcp_server_checks (server_id, workspace_id, checked_at, source, ok)
      select id, workspace_id, now() - make_interval(mins => t), 'monitor', true
      from public.mcp_servers, generate_series(1, 2) t;
    insert into public.voice_sessions (workspace_id, user_id, room_name)
      select workspace_id, user_id, gen_random_uuid()::text from crowd, generate_series(1, 2);
    insert into public.tool_calls (id, session_id, workspace_id, user_id, tool_name, outcome, started_at)
      select gen_random_uuid(), id, workspace_id, user_id, 'tool_1', 'ok', now() - make_interval(secs => t)
      from public.voice_sessions, generate_series(1, 5) t;
    analyze;
  `);
  await sql`set session_replication_role = origin`;
  const [somebody] = await sql<Somebody[]>`
    select c.user_id as "userId", c.workspace_id as "workspaceId",
      (select id from public.mcp_servers s where s.workspace_id = c.workspace_id limit 1) as "serverId",
      (select id from public.voice_sessions v where v.workspace_id = c.workspace_id limit 1) as "sessionId"
    from crowd c where c.n = ${Math.ceil(workspaces / 2)}`;
  return somebody!;
}

/** Columns are named where page and worker name them, so that rows have the width that they have in life. */
export function hotQueries({ userId, workspaceId, serverId, sessionId }: Somebody): HotQuery[] {
  const servers = 'select * from public.mcp_servers';
  return [
    {
      name: 'servers of a workspace',
      statement: `${servers} where workspace_id = '${workspaceId}' order by created_at, id limit 1000`,
    },
    { name: 'all servers that I see', statement: `${servers} order by created_at, id limit 1000` },
    { name: 'one server', statement: `${servers} where id = '${serverId}'` },
    {
      name: 'tools of a workspace',
      statement: `select * from public.mcp_tools where workspace_id = '${workspaceId}'`,
    },
    {
      name: 'checks of a server',
      statement: `select * from public.mcp_server_checks where server_id = '${serverId}'
        order by checked_at desc limit 100`,
    },
    {
      name: 'members of a workspace',
      statement: `select * from public.workspace_members where workspace_id = '${workspaceId}'`,
    },
    {
      name: 'agents of a workspace',
      statement: `select * from public.agent_configs where workspace_id = '${workspaceId}'
        order by created_at limit 1000`,
    },
    {
      name: 'my latest sessions',
      statement: `select * from public.voice_sessions where user_id = '${userId}'
        order by started_at desc limit 20`,
    },
    {
      name: 'calls of a session',
      statement: `select * from public.tool_calls where session_id = '${sessionId}' order by started_at`,
    },
    {
      name: 'an edit of a server',
      statement: `update public.mcp_servers set description = 'Edited.' where id = '${serverId}'`,
    },
    {
      name: 'a switch of a tool',
      statement: `update public.mcp_tools set is_enabled = false where server_id = '${serverId}'`,
    },
  ];
}
