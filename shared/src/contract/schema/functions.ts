import { localPath } from '../return-path.ts';
import { z } from 'zod';
import { ERROR_CODES } from '../errors.ts';
import { MAX_LENGTH } from '../max-length.ts';
import { address } from './address.ts';
import { AuthHeader, AuthMethod, ProtocolEra, Transport } from './server.ts';
import { ToolCallOutcome } from './session.ts';
import { SkippedTool } from './skipped-tool.ts';
import { CatalogTool } from './tool.ts';

/** A key or token as the user types it. */
export const CredentialText = z
  .string()
  .trim()
  .min(1, 'Enter the key or token.')
  .max(8192, 'This key is too long.')
  .regex(/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/, 'Use printable ASCII characters on a single line.');

/** The parts of a connection test, in their order. */
const PROBE_PHASES = ['address', 'connect', 'authenticate', 'initialize', 'list_tools'] as const;
export const ProbePhase = z.enum(PROBE_PHASES);
export type ProbePhase = z.infer<typeof ProbePhase>;

export const PhaseTiming = z.object({ phase: ProbePhase, duration_ms: z.number() });
export type PhaseTiming = z.infer<typeof PhaseTiming>;

/** A server that is not stored yet. Whether its address is any good is the first finding of the test. */
export const DraftServer = z.object({
  url: z
    .string('Enter the URL of the server.')
    .trim()
    .min(1, 'Enter the URL of the server.')
    .max(MAX_LENGTH.address, 'This URL is too long.'),
  transport: Transport.default('auto'),
  protocol_era: ProtocolEra.default('auto'),
  auth_method: AuthMethod.default('none'),
  auth_header: AuthHeader.default('X-API-Key'),
  credential: CredentialText.nullish(),
});
export type DraftServer = z.infer<typeof DraftServer>;

const ServerReference = z.object({ server_id: z.uuid('Enter a valid server ID.') });

/** Reads by `named` where the body has that field, else by `other`, so that errors speak of what was meant. */
function eitherBy<Named extends z.ZodType, Other extends z.ZodType>(
  field: string,
  named: Named,
  other: Other,
) {
  const either = z.unknown().transform((body, context): z.output<Named> | z.output<Other> => {
    const isNamed = typeof body === 'object' && body !== null && field in body;
    const parsed = (isNamed ? named : other).safeParse(body, { reportInput: true });
    if (parsed.success) return parsed.data;
    // Zod lets finished issues be raised again, but types them apart from raw ones.
    context.issues.push(...(parsed.error.issues as z.core.$ZodRawIssue[]));
    return z.NEVER;
  });
  // A transform says nothing of what it takes; whoever describes it finds both here.
  return either.meta({ eitherOf: [named, other] });
}

/** Names a stored server or describes a draft. */
export const TestConnectionBody = eitherBy('server_id', ServerReference, DraftServer);
export type TestConnectionBody = z.infer<typeof TestConnectionBody>;

export const ProbeSuccess = z.object({
  ok: z.literal(true),
  phases: z.array(PhaseTiming),
  /** How the server was reached in the end, whatever was asked for. */
  transport: Transport.exclude(['auto']),
  protocol_version: z.string().nullable(),
  server_info: z.record(z.string(), z.unknown()).nullable(),
  capabilities: z.record(z.string(), z.unknown()).nullable(),
  instructions: z.string().nullable(),
  tools: z.array(CatalogTool),
  skipped: z.array(SkippedTool),
  /** What is odd about the list of tools as a whole, or about the way to the server. */
  note: z.string().nullish(),
});
export type ProbeSuccess = z.infer<typeof ProbeSuccess>;

export const ProbeFailure = z.object({
  ok: z.literal(false),
  phase: ProbePhase,
  code: z.enum(ERROR_CODES),
  message: z.string(),
  hint: z.string(),
  /** What the server asks for in the `WWW-Authenticate` of its refusal, when it says so. */
  wanted_auth: AuthMethod.exclude(['none']).nullish(),
  /** After how many seconds to try again, where that is known. */
  retry_after_s: z.int().nullish(),
  phases: z.array(PhaseTiming),
});
export type ProbeFailure = z.infer<typeof ProbeFailure>;

/** Tools that a workspace does not store: those of a server beyond the limit `tools_per_server`. */
const OverLimit = { over_limit: z.int() };

export const TestConnectionAnswer = z.discriminatedUnion('ok', [
  ProbeSuccess.extend(OverLimit),
  ProbeFailure,
]);
export type TestConnectionAnswer = z.infer<typeof TestConnectionAnswer>;

/** A line of the streamed answer: a phase has begun, and these are over. */
export interface TestConnectionEvent {
  type: 'phase';
  phase: ProbePhase;
  phases: PhaseTiming[];
}

export const CallToolBody = ServerReference.extend({
  tool: z
    .string('Enter the name of the tool.')
    .min(1, 'Enter the name of the tool.')
    .max(256, 'This name is too long.'),
  arguments: z.record(z.string(), z.unknown()).default({}),
});
export type CallToolBody = z.infer<typeof CallToolBody>;

const CallTimes = { queue_ms: z.number().nullable(), duration_ms: z.number() };

/** The tool answered; `outcome` is `tool_error` when it says that it failed, and the text says why. */
const CallToolSuccess = z.object({
  ok: z.literal(true),
  outcome: z.enum(['ok', 'tool_error']),
  /** All readable content; `truncated` says that it was cut. */
  text: z.string(),
  truncated: z.boolean(),
  /** `content` and `structuredContent` as the server sent them. */
  content: z.array(z.unknown()),
  structured_content: z.unknown(),
  ...CallTimes,
});

const CallToolFailure = z.object({
  ok: z.literal(false),
  outcome: ToolCallOutcome.exclude(['ok', 'tool_error']),
  code: z.enum(ERROR_CODES),
  message: z.string(),
  hint: z.string(),
  ...CallTimes,
});

export const CallToolAnswer = z.discriminatedUnion('ok', [CallToolSuccess, CallToolFailure]);
export type CallToolAnswer = z.infer<typeof CallToolAnswer>;

/** A line of the streamed answer. */
export type CallToolEvent =
  { type: 'calling' } | { type: 'progress'; progress: number; total?: number; message?: string };

/**
 * The last line of a streamed answer: the answer itself, or the refusal that would have been its status.
 * Streams are asked for with this type in `Accept`; a refusal that comes before the first line has its status.
 */
export type StreamEnd<Answer> =
  | ({ type: 'answer' } & Answer)
  | { type: 'refusal'; status: number; code: string; message: string; hint?: string };
export const STREAM_TYPE = 'application/x-ndjson';

export const DiscoverToolsBody = ServerReference;
export type DiscoverToolsBody = z.infer<typeof DiscoverToolsBody>;

export const DiscoverToolsAnswer = z.object({
  added: z.array(z.string()),
  changed: z.array(z.string()),
  removed: z.array(z.string()),
  tools: z.array(CatalogTool),
  skipped: z.array(SkippedTool),
  /** What is odd about the list of tools as a whole. */
  note: z.string().nullish(),
  ...OverLimit,
});
export type DiscoverToolsAnswer = z.infer<typeof DiscoverToolsAnswer>;

const EnteredUrl = z.string().max(2000, 'This URL is too long.');

/**
 * Of the caller alone where each member has one; `credential: null` removes it. With `url` and `auth_method` the caller
 * says what it was entered for: it is refused when the server has another address or another method by now. With
 * `confirmed_url` whoever entered the workspace's credential lets it be used at the new address of the server.
 */
export const ServerCredentialBody = eitherBy(
  'confirmed_url',
  ServerReference.extend({ confirmed_url: EnteredUrl }),
  ServerReference.extend({
    credential: CredentialText.nullable(),
    url: EnteredUrl.optional(),
    auth_method: AuthMethod.optional(),
  }),
);
export type ServerCredentialBody = z.infer<typeof ServerCredentialBody>;

export const ServerCredentialAnswer = z.object({ has_credential: z.boolean() });
export type ServerCredentialAnswer = z.infer<typeof ServerCredentialAnswer>;

/** Where the page goes on after a sign-in: a path of its own, never another site. */
const ReturnPath = z
  .string()
  .max(500, 'This path is too long.')
  .refine((path) => localPath(path) !== null, 'Enter a path on this site.');

/** The steps of signing in to a server: away to its authorization server, back from there, and out again. */
export const ServerSignInBody = z.discriminatedUnion('step', [
  ServerReference.extend({ step: z.literal('begin'), return_to: ReturnPath.default('/servers') }),
  z.object({ step: z.literal('finish'), callback: z.string().max(8000, 'This response is too long.') }),
  /** Without a user, with the client id and secret of the server. */
  ServerReference.extend({ step: z.literal('unattended') }),
  ServerReference.extend({ step: z.literal('end') }),
]);
export type ServerSignInBody = z.infer<typeof ServerSignInBody>;

export const SignInBegun = z.object({ authorization_url: z.url({ protocol: /^https?$/ }) });
export const SignInFinished = z.object({
  server_id: z.string(),
  server_name: z.string(),
  return_to: z.string(),
});
/** `revoked`: the authorization server confirmed the revocation. */
export const SignedOut = z.object({ signed_out: z.boolean(), revoked: z.boolean() });

const SessionReference = z.object({ session_id: z.uuid('Enter a valid conversation ID.') });

/** Begins a conversation with an agent, or with `session_id` asks for another token for the room of one that is open. */
export const VoiceTokenBody = eitherBy(
  'session_id',
  SessionReference,
  z.object({ agent_config_id: z.uuid('Enter a valid agent ID.').optional() }),
);
export type VoiceTokenBody = z.infer<typeof VoiceTokenBody>;

export const VoiceTokenAnswer = z.object({
  session_id: z.string(),
  url: z.string(),
  token: z.string(),
  room_name: z.string(),
});
export type VoiceTokenAnswer = z.infer<typeof VoiceTokenAnswer>;

export const VoiceDispatchBody = SessionReference;
export type VoiceDispatchBody = z.infer<typeof VoiceDispatchBody>;

/** `dispatched` is false when a live agent is in the room, or another caller is bringing one. */
export const VoiceDispatchAnswer = z.object({ dispatched: z.boolean() });
export type VoiceDispatchAnswer = z.infer<typeof VoiceDispatchAnswer>;

const WorkspaceReference = z.object({ workspace_id: z.uuid('Enter a valid workspace ID.') });

/** Sets the webhook of a workspace, or with `test` sends it a message. */
export const NoticeWebhookBody = eitherBy(
  'test',
  WorkspaceReference.extend({ test: z.literal(true) }),
  WorkspaceReference.extend({
    url: address('Enter the URL to send notices to.'),
    /** Replaces the key that signs. */
    new_secret: z.boolean().default(false),
  }),
);
export type NoticeWebhookBody = z.infer<typeof NoticeWebhookBody>;

/** The new signing key; this is the only response that contains it. */
export const NoticeWebhookAnswer = z.object({ secret: z.string().nullable() });
export type NoticeWebhookAnswer = z.infer<typeof NoticeWebhookAnswer>;

/** Asked by the system itself, with the secret key. */
export const FunctionSettingsBody = z.object({ nonce: z.string().min(16).max(200) });
export type FunctionSettingsBody = z.infer<typeof FunctionSettingsBody>;

/** What functions run on. */
const FunctionRuntime = z.object({
  /** As the runtime calls itself: `2.1.4`, or `supabase-edge-runtime-1.77.0 (compatible with Deno v2.1.4)`. */
  version: z.string(),
  /** Features that some function needs and the runtime doesn't have. */
  lacks: z.array(z.string()),
});
export type FunctionRuntime = z.infer<typeof FunctionRuntime>;

/** What the functions find in their environment: of secrets only digests for the nonce (see setting-digest). */
export const FunctionSettingsAnswer = z.object({
  livekit_url: z.string().nullable(),
  livekit_api_key: z.string().nullable(),
  livekit_api_secret: z.string().nullable(),
  agent_name: z.string(),
  address_policy: z.string(),
  secrets_keys: z.array(z.object({ id: z.string(), digest: z.string() })),
  /** The `kid` of the key that signs for API tokens; empty where it cannot be read. */
  signing_key_id: z.string().nullable(),
  /** Where the page is served: the way back of a sign-in to a server leads there. */
  web_url: z.string().nullable(),
  /** Absent from functions that were deployed before it was added. */
  runtime: FunctionRuntime.nullish(),
});
export type FunctionSettingsAnswer = z.infer<typeof FunctionSettingsAnswer>;
