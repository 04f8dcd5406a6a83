import { z } from 'zod';
import { ERROR_CODES } from '../errors.ts';
import { MAX_LENGTH } from '../max-length.ts';
import { address } from './address.ts';
import { choice, refuse, text, textProblem, trimmedText, wholeNumber, type FieldError } from './fields.ts';
import { Metadata } from './metadata.ts';
import { SkippedTool } from './skipped-tool.ts';

export const Transport = choice(['auto', 'streamable_http', 'sse']);
export type Transport = z.infer<typeof Transport>;

/** The protocol with sessions (up to 2025-11-25) or without them (2026-07-28). */
export const ProtocolEra = choice(['auto', 'sessions', 'stateless']);
export type ProtocolEra = z.infer<typeof ProtocolEra>;

export const AuthMethod = choice(['none', 'api_key', 'bearer_token', 'oauth']);
export type AuthMethod = z.infer<typeof AuthMethod>;

/** Whose key or sign-in is used. */
export const CredentialScope = choice(['workspace', 'member']);
export type CredentialScope = z.infer<typeof CredentialScope>;

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

/** The name of the header that carries an API key. */
export const AuthHeader = trimmedText('Enter a valid header name.').superRefine(
  refuse((name: string) => {
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/.test(name)) {
      return { code: 'bad_format', message: 'Enter a valid header name.' };
    }
    if (!RESERVED_HEADERS.has(name.toLowerCase())) return null;
    return { code: 'reserved', message: 'This header is reserved. Enter another one.' };
  }),
);

/** The prefix of the tools of a server, unique in its workspace. */
const Slug = trimmedText().superRefine(
  refuse((slug: string) =>
    slug === '' || /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(slug)
      ? null
      : { code: 'bad_format', message: 'Use 1 to 32 lowercase letters, digits and hyphens.' },
  ),
);

const MAX_TAGS = 20;

function tagProblem(tag: string): FieldError | null {
  const problem = textProblem(tag, { max: MAX_LENGTH.tag, required: 'Enter a tag.' });
  if (problem?.code === 'too_long')
    return { ...problem, message: `Use at most ${MAX_LENGTH.tag} characters for a tag.` };
  return (
    problem ?? (tag.includes('\n') ? { code: 'bad_format', message: 'A tag must be a single line.' } : null)
  );
}

/** One tag, as it is renamed to. */
export const TagName = trimmedText('Enter a tag.').superRefine(refuse(tagProblem));

/** Tags as they are stored: each once. */
const Tags = z
  .array(trimmedText('Enter a tag.'))
  .transform((tags) => [...new Set(tags)])
  .superRefine(
    refuse((tags: string[]) => {
      if (tags.length > MAX_TAGS) return { code: 'too_many', message: `Use at most ${MAX_TAGS} tags.` };
      return tags.map(tagProblem).find((problem) => problem !== null) ?? null;
    }),
  );

export const CALL_TIMEOUT_RANGE_MS = { min: 1_000, max: 300_000, default: 30_000 } as const;
const CONCURRENCY_RANGE = { min: 1, max: 64, default: 4 } as const;
const POSITION_LIMIT = 1e9;
const POSITION_WORDS = 'Enter a number from -1000000000 to 1000000000.';

/** What a user may write, without defaults: the fields shared by insert and update. */
const writable = {
  name: text({ max: MAX_LENGTH.name, required: 'Give the server a name.' }),
  url: address('Enter the URL of the server.'),
  description: text({ max: MAX_LENGTH.serverDescription }),
  transport: Transport,
  protocol_era: ProtocolEra,
  auth_method: AuthMethod,
  auth_header: AuthHeader,
  credential_scope: CredentialScope,
  /** Where the authorization server knows us already; its secret, if any, is the credential. */
  oauth_client_id: text({ max: MAX_LENGTH.oauthClientId }).nullable(),
  /** What the server says about its tools is believed: which of them only read, and which may be called twice. */
  trusts_hints: z.boolean(),
  is_active: z.boolean(),
  /** The user's order of servers, smaller first; when there are too many tools, it decides whose come. */
  position: z.number().min(-POSITION_LIMIT, POSITION_WORDS).max(POSITION_LIMIT, POSITION_WORDS),
  tags: Tags,
  call_timeout_ms: wholeNumber(CALL_TIMEOUT_RANGE_MS, 'Enter 1000 to 300000 milliseconds.'),
  max_concurrency: wholeNumber(CONCURRENCY_RANGE, 'Enter a number from 1 to 64.'),
  metadata: Metadata,
};

/** A new row of `mcp_servers` as a form or an API client gives it; left-out fields get their defaults. */
export const McpServerInput = z.object({
  name: writable.name,
  /** Without one, it is made from the name. */
  slug: Slug.optional(),
  url: writable.url,
  description: writable.description.default(''),
  transport: writable.transport.default('auto'),
  protocol_era: writable.protocol_era.default('auto'),
  auth_method: writable.auth_method.default('none'),
  auth_header: writable.auth_header.default('X-API-Key'),
  credential_scope: writable.credential_scope.default('workspace'),
  oauth_client_id: writable.oauth_client_id.default(null),
  trusts_hints: writable.trusts_hints.default(false),
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
  protocol_era: ProtocolEra,
  auth_method: AuthMethod,
  auth_header: z.string().nullable(),
  credential_scope: CredentialScope,
  oauth_client_id: z.string().nullable(),
  trusts_hints: z.boolean(),
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
  /** Who entered the workspace's credential; null when nobody did, or it is not known. */
  credential_holder_id: z.string().nullable(),
  /** Since when it waits for its holder to confirm the address of the server; null: it is in use. */
  credential_held_since: Timestamp.nullable(),
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
  /** Stored tools; null before they were listed. */
  tool_count: z.int().nullable(),
  /** Tools that the server has beyond what is stored. */
  tools_over_limit: z.int(),
  /** Tools that cannot be used, the first 100. */
  skipped_tools: z.array(SkippedTool),
  /** What is odd about the list of tools as a whole. */
  catalog_note: z.string().nullable(),
});
export type McpServerRow = z.infer<typeof McpServerRow>;
