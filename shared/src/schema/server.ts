import { z } from 'zod';
import { ERROR_CODES } from '../errors.ts';

export const Transport = z.enum(['auto', 'streamable_http', 'sse']);
export type Transport = z.infer<typeof Transport>;

export const AuthMethod = z.enum(['none', 'api_key', 'bearer_token']);
export type AuthMethod = z.infer<typeof AuthMethod>;

export const ConnectionStatus = z.enum(['disconnected', 'connecting', 'connected', 'error', 'needs_auth']);
export type ConnectionStatus = z.infer<typeof ConnectionStatus>;

/** A timestamp as PostgREST, Realtime or JavaScript writes it; parse it with `new Date`. */
export const Timestamp = z.string();

const JsonObject = z.record(z.string(), z.unknown());

/** Headers that belong to the transport, so that a user's key may not replace them. */
const RESERVED_HEADERS = new Set([
  'accept',
  'connection',
  'content-length',
  'content-type',
  'cookie',
  'host',
  'last-event-id',
  'mcp-protocol-version',
  'mcp-session-id',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** The address of an MCP endpoint: http or https, no user name and password in it, no fragment. */
export const EndpointUrl = z
  .string()
  .trim()
  .min(1, 'Enter the address of the server.')
  .max(2000, 'This address is too long.')
  .superRefine((value, context) => {
    const problem = endpointProblem(value);
    if (problem) context.addIssue({ code: 'custom', message: problem });
  });

function endpointProblem(value: string): string | null {
  if (!URL.canParse(value)) return 'Enter a full address, such as https://example.com/mcp.';
  const url = new URL(value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'The address must begin with https://.';
  if (url.username || url.password) return 'Leave the key out of the address and enter it as the credential.';
  return null;
}

/** The name of the header that carries an API key. */
export const AuthHeader = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'This is not the name of a header.')
  .refine((name) => !RESERVED_HEADERS.has(name.toLowerCase()), 'This header is used by the protocol itself.');

export const CALL_TIMEOUT_RANGE_MS = { min: 1_000, max: 300_000, default: 30_000 } as const;
export const CONCURRENCY_RANGE = { min: 1, max: 64, default: 4 } as const;
const POSITION_LIMIT = 1e9;

/** What a user may write, without defaults: the fields shared by insert and update. */
const writable = {
  name: z.string().trim().min(1, 'Give the server a name.').max(80, 'At most 80 characters.'),
  url: EndpointUrl,
  description: z.string().trim().max(2000, 'At most 2000 characters.'),
  transport: Transport,
  auth_method: AuthMethod,
  auth_header: AuthHeader,
  is_active: z.boolean(),
  /** The user's order of servers, smaller first; when there are too many tools, it decides whose come. */
  position: z.number().min(-POSITION_LIMIT).max(POSITION_LIMIT),
  tags: z.array(z.string().trim().min(1).max(40)).max(20, 'At most 20 tags.'),
  call_timeout_ms: z.int().min(CALL_TIMEOUT_RANGE_MS.min).max(CALL_TIMEOUT_RANGE_MS.max),
  max_concurrency: z.int().min(CONCURRENCY_RANGE.min).max(CONCURRENCY_RANGE.max),
  metadata: JsonObject,
};

/** A new row of `mcp_servers` as a form or an API client gives it; left-out fields get their defaults. */
export const McpServerInput = z.object({
  name: writable.name,
  url: writable.url,
  description: writable.description.default(''),
  transport: writable.transport.default('auto'),
  auth_method: writable.auth_method.default('none'),
  auth_header: writable.auth_header.default('X-API-Key'),
  is_active: writable.is_active.default(true),
  position: writable.position.optional(),
  tags: writable.tags.default([]),
  call_timeout_ms: writable.call_timeout_ms.default(CALL_TIMEOUT_RANGE_MS.default),
  max_concurrency: writable.max_concurrency.default(CONCURRENCY_RANGE.default),
  metadata: writable.metadata.default({}),
});
export type McpServerInput = z.infer<typeof McpServerInput>;

/** A change to a row of `mcp_servers`: only the fields that change, no defaults. */
export const McpServerPatch = z.object(writable).partial();
export type McpServerPatch = z.infer<typeof McpServerPatch>;

/** A row of `mcp_servers` as REST gives it. Unknown error codes of a newer writer read as `internal`. */
export const McpServerRow = z.object({
  id: z.string(),
  workspace_id: z.string(),
  user_id: z.string().nullable(),
  name: z.string(),
  slug: z.string(),
  url: z.string(),
  description: z.string().nullable(),
  transport: Transport,
  auth_method: AuthMethod,
  auth_header: z.string().nullable(),
  is_active: z.boolean(),
  position: z.number(),
  tags: z.array(z.string()),
  call_timeout_ms: z.int(),
  max_concurrency: z.int(),
  metadata: JsonObject.nullable(),
  config_version: z.int(),
  created_at: Timestamp,
  updated_at: Timestamp,
  has_credential: z.boolean(),
  connection_status: ConnectionStatus,
  last_connected: Timestamp.nullable(),
  status_observed_at: Timestamp.nullable(),
  status_config_version: z.int().nullable(),
  error_code: z.enum(ERROR_CODES).nullable().catch('internal'),
  error_message: z.string().nullable(),
  latency_ms: z.number().nullable(),
  consecutive_failures: z.int(),
  detected_transport: Transport.exclude(['auto']).nullable(),
  protocol_version: z.string().nullable(),
  server_info: JsonObject.nullable(),
  capabilities: JsonObject.nullable(),
  instructions: z.string().nullable(),
  tool_count: z.int().nullable(),
});
export type McpServerRow = z.infer<typeof McpServerRow>;
