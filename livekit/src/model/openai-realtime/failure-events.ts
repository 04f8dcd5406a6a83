import type { ModelFailure, ModelFailureKind } from '../model-failure.ts';

/** The error in an event, a failed response, or the body of an HTTP answer. */
export interface ModelErrorBody {
  type?: string | null;
  code?: string | null;
  param?: string | null;
  message?: string | null;
}

/** The codes and types of errors in OpenAI's guides and API reference. */
const KINDS: ReadonlyMap<string, ModelFailureKind> = new Map([
  ['model_not_found', 'model_not_found'],
  ['invalid_model', 'model_not_found'],
  ['invalid_api_key', 'key_rejected'],
  ['account_deactivated', 'key_rejected'],
  ['unsupported_country_region_territory', 'key_rejected'],
  ['insufficient_quota', 'quota_exhausted'],
  ['billing_hard_limit_reached', 'quota_exhausted'],
  ['billing_not_active', 'quota_exhausted'],
  ['rate_limit_exceeded', 'rate_limited'],
  ['server_error', 'server_error'],
  ['internal_error', 'server_error'],
  ['session_expired', 'connection_lost'],
]);

/**
 * The HTTP answer of the model's server to a dial.
 * @param retryAfter the header, in seconds
 */
export function failedDial(status: number, body: string, retryAfter?: string): ModelFailure {
  const error = errorIn(body);
  const kind = kindOf(error) ?? kindOfStatus(status);
  const seconds = Number(retryAfter);
  return {
    kind,
    ...(seconds > 0 && { retryAfterMs: seconds * 1_000 }),
    facts: { status, ...factsOf(error) },
  };
}

/** An unexpected end of a connection. */
export function closedConnection(code: number, reason: string): ModelFailure {
  const kind = reason
    .split(/[^\w]+/)
    .map((word) => KINDS.get(word))
    .find((found) => found !== undefined);
  return { kind: kind ?? 'connection_lost', facts: { close_code: code, close_reason: reason } };
}

/**
 * An `error` event.
 * @param answers what the rejected event was for, if known
 * @returns null for an error that changes nothing in the session, such as a rejected tool
 */
export function failedEvent(
  error: ModelErrorBody,
  answers: 'settings' | 'response' | 'other',
): ModelFailure | null {
  const kind = kindOf(error);
  const facts = factsOf(error);
  if (kind) return { kind, ...retryAfterOf(error), facts };
  if (answers === 'settings') return { kind: 'settings_rejected', facts: { ...facts, ...messageOf(error) } };
  // The active answer stands for this one too.
  if (error.code === 'conversation_already_has_active_response') return null;
  return answers === 'response'
    ? { kind: 'request_rejected', facts: { ...facts, ...messageOf(error) } }
    : null;
}

export interface EndedResponse {
  status?: string | null;
  status_details?: { type?: string; reason?: string; error?: ModelErrorBody | null } | string | null;
}

/**
 * @param isEmpty it should have words or a call, and has neither
 * @returns null for a response that is complete, canceled, or cut at its maximum length
 */
export function failedResponse(
  { status, status_details }: EndedResponse,
  isEmpty = false,
): ModelFailure | null {
  const details = typeof status_details === 'object' ? status_details : null;
  if (status === 'incomplete' && details?.reason === 'content_filter')
    return { kind: 'filtered', facts: { reason: 'content_filter' } };
  if (isEmpty && (status === 'completed' || status === 'incomplete'))
    return { kind: 'empty_answer', facts: {} };
  if (status !== 'failed') return null;
  const error = details?.error ?? {};
  return { kind: kindOf(error) ?? 'server_error', ...retryAfterOf(error), facts: factsOf(error) };
}

/**
 * How long to wait for the exhausted limits of a `rate_limits.updated` event.
 * @returns ms; 0 when none is exhausted
 */
export function rateLimitWaitMs(limits: readonly { remaining?: number; reset_seconds?: number }[]): number {
  const seconds = limits.map(({ remaining, reset_seconds = 0 }) => (remaining === 0 ? reset_seconds : 0));
  return Math.max(0, ...seconds) * 1_000;
}

/** The model was silent for too long. @param awaited the event that did not come */
export function silence(awaited: string, afterMs: number): ModelFailure {
  return { kind: 'no_answer', facts: { awaited, after_ms: afterMs } };
}

function kindOf({ code, type }: ModelErrorBody): ModelFailureKind | undefined {
  return KINDS.get(code ?? '') ?? KINDS.get(type ?? '');
}

function kindOfStatus(status: number): ModelFailureKind {
  if (status === 401 || status === 403) return 'key_rejected';
  if (status === 404) return 'model_not_found';
  if (status === 429) return 'rate_limited';
  if (status === 408 || status < 400) return 'connection_lost';
  return status < 500 ? 'settings_rejected' : 'server_error';
}

function errorIn(body: string): ModelErrorBody {
  try {
    const { error } = JSON.parse(body) as { error?: ModelErrorBody | null };
    return typeof error === 'object' && error !== null ? error : {};
  } catch {
    return {};
  }
}

function factsOf({ code, type, param }: ModelErrorBody): Record<string, string> {
  const facts = Object.entries({ code, type, param });
  return Object.fromEntries(facts.filter((fact): fact is [string, string] => typeof fact[1] === 'string'));
}

/** The message of an error about settings or a request. A message about a key would show a part of it. */
function messageOf({ message }: ModelErrorBody): Record<string, string> {
  return message ? { message } : {};
}

/** The message of a rate limit ends like "Please try again in 1.2s." or "in 350ms" or "in 1m30s". */
function retryAfterOf({ message }: ModelErrorBody): { retryAfterMs?: number } {
  const [, minutes, seconds, milliseconds] =
    /try again in (?:(\d+)m(?!s))?(?:([\d.]+)s)?(?:(\d+)ms)?/i.exec(message ?? '') ?? [];
  const ms = Number(minutes ?? 0) * 60_000 + Number(seconds ?? 0) * 1_000 + Number(milliseconds ?? 0);
  return ms > 0 ? { retryAfterMs: Math.ceil(ms) } : {};
}
