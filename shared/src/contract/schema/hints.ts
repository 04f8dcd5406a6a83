import { z } from 'zod';
import { ConnectionStatus, Timestamp } from './server.ts';

/** The private Realtime topic of a workspace. */
export function workspaceTopic(workspaceId: string): string {
  return `workspace:${workspaceId}`;
}

const ServerChangedHint = z.object({
  server_id: z.string(),
  op: z.enum(['insert', 'update', 'delete']),
  config_version: z.int().nullable(),
});

/** So many servers changed at once that a reader resyncs all of them. */
const ServersChangedHint = z.object({});

export const ServerStatusHint = z.object({
  server_id: z.string(),
  connection_status: ConnectionStatus,
  error_code: z.string().nullable(),
  error_message: z.string().nullable(),
  latency_ms: z.number().nullable(),
  tool_count: z.int().nullable(),
  status_observed_at: Timestamp.nullable(),
  consecutive_failures: z.int(),
});
export type ServerStatusHint = z.infer<typeof ServerStatusHint>;

const ToolsChangedHint = z.object({ server_id: z.string() });

const AgentConfigChangedHint = z.object({
  agent_config_id: z.string(),
  op: z.enum(['insert', 'update', 'delete']),
});

const SessionChangedHint = z.object({ session_id: z.string(), state: z.string() });

const NoticeCreatedHint = z.object({
  notice_id: z.string(),
  server_id: z.string().nullable(),
  kind: z.string(),
});

/** A member was added, removed or got another role; a removed member leaves the topic. */
const MembersChangedHint = z.object({
  user_id: z.string(),
  op: z.enum(['insert', 'update', 'delete']),
});

/** Event name → payload. A hint says "resync"; a reader must stay correct if one is lost. */
export const HINTS = {
  'server.changed': ServerChangedHint,
  'servers.changed': ServersChangedHint,
  'server.status': ServerStatusHint,
  'tools.changed': ToolsChangedHint,
  'agent_config.changed': AgentConfigChangedHint,
  'session.changed': SessionChangedHint,
  'notice.created': NoticeCreatedHint,
  'members.changed': MembersChangedHint,
} as const;
export type HintName = keyof typeof HINTS;
