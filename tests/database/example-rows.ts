/** Suites that go through all tables fail until a new table has an example here. */
import type { Sql } from 'postgres';
import { SEALED_TABLES } from '../../ops/secrets/rotate.ts';

interface Place {
  workspaceId: string;
  userId: string;
}

interface Example {
  make?: (place: Place) => string;
  add?: (place: Place) => string;
  /** For tables without `workspace_id`. */
  within?: (workspaceId: string) => string;
}

const ownServers = ({ workspaceId, userId }: Place): string =>
  `select * from public.mcp_servers where workspace_id = '${workspaceId}' and user_id = '${userId}'`;
const ownAgents = ({ workspaceId, userId }: Place): string =>
  `select * from public.agent_configs where workspace_id = '${workspaceId}' and user_id = '${userId}'`;

/** In an order in which rows find what they refer to. Servers are switched off, so that no monitor touches them. */
export const EXAMPLES: Record<string, Example> = {
  workspaces: {
    add: () => `insert into public.workspaces (name) values ('Another')`,
    within: (workspaceId) => `id = '${workspaceId}'`,
  },
  workspace_members: {},
  workspace_invitations: {
    make: ({ workspaceId, userId }) => `
      insert into public.workspace_invitations (workspace_id, email, role, token_hash, invited_by, expires_at)
      values ('${workspaceId}', 'guest@examples.test', 'member',
        encode(sha256('${workspaceId}${userId}'), 'hex'), '${userId}', now() + interval '7 days')`,
  },
  api_tokens: {
    make: ({ workspaceId, userId }) => `
      insert into public.api_tokens (workspace_id, name, token_hash, scopes, created_by)
      values ('${workspaceId}', 'Example', encode(sha256('${userId}${workspaceId}'), 'hex'), '{}', '${userId}')`,
  },
  mcp_servers: {
    make: ({ workspaceId, userId }) => `
      insert into public.mcp_servers (workspace_id, user_id, name, url, is_active, auth_method, has_credential)
      values ('${workspaceId}', '${userId}', 'Example', 'https://mcp.examples.test/mcp', false, 'api_key', true)`,
    add: ({ workspaceId }) => `
      insert into public.mcp_servers (workspace_id, name, url)
      values ('${workspaceId}', 'Another', 'https://mcp.examples.test/mcp')`,
  },
  mcp_server_secrets: {
    make: (place) => `
      insert into public.mcp_server_secrets
      select x.* from (${ownServers(place)}) s, jsonb_populate_record(null::public.mcp_server_secrets, jsonb_build_object(
        'id', gen_random_uuid(), 'server_id', id, 'ciphertext', 'ciphertext', 'nonce', 'nonce', 'key_id', 'key',
        'updated_at', now(), 'address', 'https://mcp.examples.test/mcp'
      )) x`,
    within: (workspaceId) =>
      `server_id in (select id from public.mcp_servers where workspace_id = '${workspaceId}')`,
  },
  mcp_server_grants: {
    make: (place) => `
      insert into public.mcp_server_grants (id, server_id, workspace_id, issuer, ciphertext, nonce, key_id)
      select gen_random_uuid(), id, workspace_id, 'https://as.examples.test', 'ciphertext', 'nonce', 'key' from (${ownServers(place)}) s`,
  },
  mcp_server_clients: {
    make: (place) => `
      insert into public.mcp_server_clients (id, server_id, issuer, ciphertext, nonce, key_id)
      select gen_random_uuid(), id, 'https://as.examples.test', 'ciphertext', 'nonce', 'key' from (${ownServers(place)}) s`,
    within: (workspaceId) =>
      `server_id in (select id from public.mcp_servers where workspace_id = '${workspaceId}')`,
  },
  mcp_server_accepted_issuers: {
    // Uses its own servers: the others are left for rows that users add.
    make: ({ workspaceId, userId }) => `
      with s as (
        insert into public.mcp_servers (workspace_id, user_id, name, url, is_active, auth_method)
        values ('${workspaceId}', '${userId}', 'Accepted', 'https://mcp.examples.test/mcp', false, 'oauth')
        returning id, workspace_id
      )
      insert into public.mcp_server_accepted_issuers (server_id, workspace_id, expected_issuer, accepted_issuer)
      select id, workspace_id, 'https://as.examples.test', 'https://login.examples.test' from s`,
    add: ({ workspaceId }) => `
      insert into public.mcp_server_accepted_issuers (server_id, workspace_id, expected_issuer, accepted_issuer)
      select id, workspace_id, 'https://as.examples.test', 'https://login.examples.test'
      from public.mcp_servers s
      where workspace_id = '${workspaceId}' and name = 'Example'
      limit 1`,
  },
  mcp_tools: {
    make: (place) => `
      insert into public.mcp_tools (server_id, workspace_id, name, input_schema, fingerprint)
      select id, workspace_id, 'example_tool', '{}', 'fingerprint' from (${ownServers(place)}) s`,
  },
  mcp_server_checks: {
    make: (place) => `
      insert into public.mcp_server_checks (server_id, workspace_id, checked_at, source, ok)
      select id, workspace_id, now(), 'monitor', true from (${ownServers(place)}) s`,
  },
  agent_configs: {
    make: ({ workspaceId, userId }) => `
      insert into public.agent_configs (workspace_id, user_id, name)
      values ('${workspaceId}', '${userId}', 'Example')`,
    add: ({ workspaceId }) => `
      insert into public.agent_configs (workspace_id, name) values ('${workspaceId}', 'Another')`,
  },
  agent_config_servers: {
    make: (place) => `
      insert into public.agent_config_servers (agent_config_id, server_id)
      select c.id, s.id from (${ownAgents(place)}) c, (${ownServers(place)}) s where c.name = 'Example'`,
    add: ({ workspaceId, userId }) => `
      insert into public.agent_config_servers (agent_config_id, server_id)
      select c.id, s.id
      from public.agent_configs c join public.mcp_servers s on s.workspace_id = c.workspace_id
      where c.workspace_id = '${workspaceId}' and c.user_id = '${userId}' and c.name = 'Free' limit 1`,
  },
  voice_sessions: {
    make: ({ workspaceId, userId }) => `
      insert into public.voice_sessions (workspace_id, user_id, room_name, state, ended_at)
      values ('${workspaceId}', '${userId}', 'room-' || gen_random_uuid(), 'ended', now())`,
  },
  tool_calls: {
    make: ({ workspaceId, userId }) => `
      insert into public.tool_calls (id, session_id, workspace_id, user_id, tool_name, outcome, started_at)
      select gen_random_uuid(), id, workspace_id, user_id, 'example_tool', 'ok', now()
      from public.voice_sessions where workspace_id = '${workspaceId}' and user_id = '${userId}'`,
  },
  voice_transcripts: {
    make: ({ workspaceId, userId }) => `
      insert into public.voice_transcripts (id, session_id, workspace_id, user_id, role, text, said_at)
      select gen_random_uuid(), id, workspace_id, user_id, 'user', 'example words', now()
      from public.voice_sessions where workspace_id = '${workspaceId}' and user_id = '${userId}'`,
  },
  mcp_server_hours: {
    make: (place) => `
      insert into public.mcp_server_hours (server_id, workspace_id, hour, checks, failures, latencies)
      select id, workspace_id, date_trunc('hour', now()), 1, 0, '{1}' from (${ownServers(place)}) s`,
  },
  mcp_server_incidents: {
    make: (place) => `
      insert into public.mcp_server_incidents (server_id, workspace_id, series_id, started_at)
      select id, workspace_id, gen_random_uuid(), now() from (${ownServers(place)}) s`,
  },
  notices: {
    make: (place) => `
      insert into public.notices (server_id, workspace_id, kind, key)
      select id, workspace_id, 'down', 'example' from (${ownServers(place)}) s`,
  },
  notice_reads: {
    make: ({ userId, ...place }) => `
      insert into public.notice_reads (notice_id, user_id)
      select n.id, '${userId}' from public.notices n
      join (${ownServers({ userId, ...place })}) s on s.id = n.server_id`,
    add: ({ workspaceId }) => `
      insert into public.notice_reads (notice_id)
      select id from public.notices n
      where workspace_id = '${workspaceId}'
        and not exists (select from public.notice_reads r where r.notice_id = n.id)
      limit 1`,
    within: (workspaceId) =>
      `notice_id in (select id from public.notices where workspace_id = '${workspaceId}')`,
  },
  notice_webhooks: {
    make: ({ workspaceId }) => `
      insert into public.notice_webhooks (workspace_id, url)
      values ('${workspaceId}', 'https://hooks.examples.test/') on conflict do nothing`,
  },
  notice_webhook_secrets: {
    make: ({ workspaceId }) => `
      insert into public.notice_webhook_secrets (webhook_id, ciphertext, nonce, key_id)
      select id, 'ciphertext', 'nonce', 'key' from public.notice_webhooks
      where workspace_id = '${workspaceId}' on conflict do nothing`,
    within: (workspaceId) =>
      `webhook_id in (select id from public.notice_webhooks where workspace_id = '${workspaceId}')`,
  },
  webhook_deliveries: {
    make: ({ workspaceId }) => `
      insert into public.webhook_deliveries (webhook_id, workspace_id, body, due_at)
      select id, workspace_id, '{}', null from public.notice_webhooks where workspace_id = '${workspaceId}'`,
  },
  // Written by the triggers of the tables above.
  audit_events: {},
  mcp_server_health: {},
  limits: {
    make: ({ workspaceId }) => `
      insert into public.limits (name, workspace_id, allowed)
      values ('servers', '${workspaceId}', 500), ('agents', '${workspaceId}', 100) on conflict do nothing`,
  },
};

/** The condition on a table that holds for the rows of one workspace. */
export function within(table: string, workspaceId: string): string {
  return EXAMPLES[table]?.within?.(workspaceId) ?? `workspace_id = '${workspaceId}'`;
}

/** Makes rows of each user in every table. @param sql of the database's owner */
export async function makeExamples(sql: Sql, workspaceId: string, userIds: string[]): Promise<void> {
  for (const { make } of Object.values(EXAMPLES)) {
    for (const userId of userIds) if (make) await sql.unsafe(make({ workspaceId, userId }));
  }
}

/** Takes away what says that it is sealed and is not: on a stack that goes on, its doctor would rightly complain. */
export async function dropSealedExamples(sql: Sql): Promise<void> {
  await sql.begin(async (own) => {
    // Deleting a grant would queue its revocation, and these have no authorization server.
    await own`set local session_replication_role = replica`;
    for (const { table } of SEALED_TABLES)
      await own`delete from ${own(table)} where ciphertext = 'ciphertext'`;
  });
}

/** Every table that the Data API exposes. */
export async function listTables(sql: Sql): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select c.relname as name from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f') order by 1`;
  return rows.map(({ name }) => name);
}
