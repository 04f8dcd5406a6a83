/**
 * The closed list of what can go wrong. A failure is classified once, at the border where it happens;
 * everywhere else code looks at `code`, `retryable` and `retryAfterMs`, never at a message.
 */
import { DESCRIPTIONS, type ErrorDescription } from './error-descriptions.ts';

export const ERROR_CODES = [
  'invalid_url',
  'blocked_address',
  'dns_failed',
  'connection_refused',
  'unreachable',
  'tls_failed',
  'timeout',
  'unauthorized',
  'forbidden',
  'not_found',
  'host_rejected',
  'request_rejected',
  'redirected',
  'redirect_loop',
  'login_page',
  'not_mcp',
  'protocol_error',
  'unsupported_version',
  'unreadable_compression',
  'response_too_large',
  'rate_limited',
  'server_error',
  'session_lost',
  'session_rejected',
  'connection_lost',
  'tool_not_found',
  'tool_disabled',
  'role_too_low',
  'invalid_arguments',
  'input_required',
  'call_rejected',
  'queue_full',
  'host_busy',
  'probe_crashed',
  'cancelled',
  'credential_missing',
  'sign_in_required',
  'scope_required',
  'internal',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * What to tell people about an error code.
 * @returns a sentence, a hint, words to speak, and whether trying again may help
 */
export function describeError(code: ErrorCode): ErrorDescription {
  return DESCRIPTIONS[code];
}

/** Whether a text from outside (a row, a JSON answer) is one of our codes. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(DESCRIPTIONS, value);
}

export interface AppErrorOptions {
  /** Replaces the general sentence; must be fit for users and hold no secret. */
  message?: string;
  /** The words of the server, cleaned; also part of `message`. */
  said?: string | null;
  cause?: unknown;
  /** How long the other side asked us to wait, in milliseconds. */
  retryAfterMs?: number;
}

/** The one error that crosses module borders. Its message is a sentence fit for the user. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  /** What the server itself said, in one line that is fit for users. */
  readonly said: string | null;

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    super(options.message ?? DESCRIPTIONS[code].message, { cause: options.cause });
    this.code = code;
    this.retryable = DESCRIPTIONS[code].retryable;
    this.retryAfterMs = options.retryAfterMs;
    this.said = options.said ?? null;
  }
}

const ABOUT_CREDENTIAL: ReadonlySet<ErrorCode> = new Set([
  'unauthorized',
  'forbidden',
  'credential_missing',
  'sign_in_required',
  'scope_required',
]);

/** Whether a server fails for want of another key, token or sign-in: only the user can mend that. */
export function isAboutCredential(code: ErrorCode): boolean {
  return ABOUT_CREDENTIAL.has(code);
}
