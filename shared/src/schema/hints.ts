import { z } from 'zod';
import { ConnectionStatus, Timestamp } from './server.ts';

/** The private Realtime topic on which everything of a workspace is told. */
export function workspaceTopic(workspaceId: string): string {
  return `workspace:${workspaceId}`;
}

export const ServerChangedHint = z.object({
  server_id: z.string(),
  op: z.enum(['insert', 'update', 'delete']),
  config_version: z.int().nullable(),
});
export type ServerChangedHint = z.infer<typeof ServerChangedHint>;

/** So many servers changed at once that a reader looks at all of them. */
export const ServersChangedHint = z.object({});
export type ServersChangedHint = z.infer<typeof ServersChangedHint>;

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

export const ToolsChangedHint = z.object({ server_id: z.string() });
export type ToolsChangedHint = z.infer<typeof ToolsChangedHint>;

export const AgentConfigChangedHint = z.object({
  agent_config_id: z.string(),
  op: z.enum(['insert', 'update', 'delete']),
});
export type AgentConfigChangedHint = z.infer<typeof AgentConfigChangedHint>;

export const SessionChangedHint = z.object({ session_id: z.string(), state: z.string() });
export type SessionChangedHint = z.infer<typeof SessionChangedHint>;

export const NoticeCreatedHint = z.object({
  notice_id: z.string(),
  server_id: z.string().nullable(),
  kind: z.string(),
});
export type NoticeCreatedHint = z.infer<typeof NoticeCreatedHint>;

/** A person came, went or got another role; who is told of their own removal leaves the topic. */
export const MembersChangedHint = z.object({
  user_id: z.string(),
  op: z.enum(['insert', 'update', 'delete']),
});
export type MembersChangedHint = z.infer<typeof MembersChangedHint>;

/** Event name → payload. A hint says "look again"; a reader must stay right when one is lost. */
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
