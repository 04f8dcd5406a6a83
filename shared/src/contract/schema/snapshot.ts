import { z } from 'zod';
import { ERROR_CODES } from '../errors.ts';
import { AgentConfigRow } from './agent-config.ts';
import { ConnectionStatus, McpServerRow, Timestamp, Transport } from './server.ts';
import { CatalogTool, ToolAccess } from './tool.ts';
import { Role } from './workspace.ts';

export { CatalogTool } from './tool.ts';

/** A sealed credential as `mcp_server_secrets` holds it: base64 fields, see secret-envelope. */
export const SealedSecret = z.object({ ciphertext: z.string(), nonce: z.string(), key_id: z.string() });
export type SealedSecret = z.infer<typeof SealedSecret>;

/** A tool of the stored catalog, with what the user decided about it. */
export const StoredTool = CatalogTool.extend({
  is_enabled: z.boolean(),
  is_pinned: z.boolean(),
  cache_ttl_seconds: z.int().nullable(),
  access: ToolAccess.nullable(),
});
export type StoredTool = z.infer<typeof StoredTool>;

/** A server as the runtimes with the secrets key see it. */
export const SnapshotServer = McpServerRow.pick({
  id: true,
  name: true,
  slug: true,
  url: true,
  transport: true,
  protocol_era: true,
  auth_method: true,
  auth_header: true,
  credential_scope: true,
  oauth_client_id: true,
  trusts_hints: true,
  call_timeout_ms: true,
  max_concurrency: true,
  config_version: true,
  metadata: true,
  connection_status: true,
  /** As `secret`: of whoever the snapshot is for. */
  has_credential: true,
}).extend({
  /** Who added the server; the status is that of their credential. */
  added_by: z.string().nullable(),
  /** Names the key or sign-in that the user of the snapshot uses; another one each time that it is set. */
  credential_id: z.string().nullable(),
  secret: SealedSecret.nullable(),
  tools: z.array(StoredTool),
});
export type SnapshotServer = z.infer<typeof SnapshotServer>;

/** The answer of `server_for_probe`, when it is not null. */
export const ProbeServer = SnapshotServer.extend({ workspace_id: z.string() });
export type ProbeServer = z.infer<typeof ProbeServer>;

/** The answer of `voice_session_snapshot`, when it is not null: what one conversation should be like. */
export const SessionSnapshot = z.object({
  session: z.object({
    id: z.string(),
    workspace_id: z.string(),
    user_id: z.string(),
    /** The user's in the workspace, at the time of the snapshot. */
    role: Role,
    room_name: z.string(),
    state: z.string(),
  }),
  limits: z.object({
    /** Until the conversation has to end; null: never. */
    ends_in_ms: z.number().nullable(),
    /** Without a sign of the user for so long, the conversation ends; null: never. */
    idle_ms: z.number().nullable(),
  }),
  agent: AgentConfigRow.pick({
    id: true,
    name: true,
    system_prompt: true,
    voice_model: true,
    temperature: true,
    greeting: true,
    provider: true,
    model: true,
    reasoning_effort: true,
    turn_detection: true,
    turn_eagerness: true,
    language: true,
  }),
  servers: z.array(SnapshotServer),
});
export type SessionSnapshot = z.infer<typeof SessionSnapshot>;

/** The same without servers: what one conversation begins with. */
export const SessionBeginning = SessionSnapshot.omit({ servers: true });
export type SessionBeginning = z.infer<typeof SessionBeginning>;

/** One element of the argument of `report_server_status`. */
export const StatusObservation = z.object({
  server_id: z.string(),
  config_version: z.int(),
  observed_at: Timestamp,
  source: z.enum(['session', 'function', 'monitor']),
  /** Null: a check that decides nothing about the status yet. */
  status: ConnectionStatus.nullable(),
  error_code: z.enum(ERROR_CODES).nullable(),
  error_message: z.string().nullable(),
  latency_ms: z.number().nullable(),
  /** Found by a probe; an absent value keeps the stored one. */
  detected_transport: Transport.exclude(['auto']).nullish(),
  protocol_version: z.string().nullable(),
  server_info: z.record(z.string(), z.unknown()).nullable(),
  capabilities: z.record(z.string(), z.unknown()).nullable(),
  instructions: z.string().nullable(),
  /** When the list of tools was read that is the same as the stored one. */
  catalog_seen_at: Timestamp.nullish(),
  /** Milliseconds of each phase that was run, for the row in `mcp_server_checks`. */
  phases: z
    .object({
      address_ms: z.number(),
      connect_ms: z.number(),
      authenticate_ms: z.number(),
      initialize_ms: z.number(),
      list_tools_ms: z.number(),
    })
    .partial()
    .optional(),
  ok: z.boolean().optional(),
});
export type StatusObservation = z.infer<typeof StatusObservation>;
