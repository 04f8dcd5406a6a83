/**
 * The closed list of errors. A failure is classified once, where it happens; everywhere else code reads `code`,
 * `retryable` and `retryAfterMs`, never at a message.
 */
import { DESCRIPTIONS, type ErrorDescription, type ErrorSubject } from './error-descriptions.ts';

export type ErrorCode = keyof typeof DESCRIPTIONS;

export const ERROR_CODES = Object.keys(DESCRIPTIONS) as ErrorCode[];

/**
 * What people read about an error code.
 * @returns what it is about, a sentence, a hint, and whether trying again may help
 */
export function describeError(code: ErrorCode): ErrorDescription {
  return DESCRIPTIONS[code];
}

/** Whether a value from outside (a row, a JSON response) is one of our codes. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(DESCRIPTIONS, value);
}

export interface AppErrorOptions {
  /** Replaces the general sentence. Users read it, so it must hold no secret. */
  message?: string;
  /** The server's own message, cleaned; also part of `message`. */
  said?: string | null;
  cause?: unknown;
  /** How long the other side asked us to wait, in milliseconds. */
  retryAfterMs?: number;
}

/** The one error that crosses module boundaries. Its message is a sentence for the user. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  /** The server's own message, in one line that users may read. */
  readonly said: string | null;

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    super(options.message ?? DESCRIPTIONS[code].message, { cause: options.cause });
    this.code = code;
    this.retryable = DESCRIPTIONS[code].retryable;
    this.retryAfterMs = options.retryAfterMs;
    this.said = options.said ?? null;
  }
}

/** The codes about one of these subjects. */
export function codesAbout(...subjects: ErrorSubject[]): ErrorCode[] {
  return ERROR_CODES.filter((code) => subjects.includes(DESCRIPTIONS[code].about));
}

/** Whether a server needs another key, token or sign-in: only the user can fix that. */
export function isAboutCredential(code: ErrorCode): boolean {
  return DESCRIPTIONS[code].about === 'credential';
}
