const BASE_MS = 500;
const CAP_MS = 15_000;
/** What only a change by the user can fix is retried seldom. */
const HOPELESS_CAP_MS = 60_000;
/** The least time until the next session of a server that takes one and loses it, over and over; it doubles. */
const SESSION_MIN_DELAY_MS = 1_000;
const SESSION_MAX_DELAY_MS = 30_000;
/** A server may ask us to wait, but not for ever. */
const MAX_RETRY_AFTER_MS = 300_000;

/**
 * The longest wait before the next attempt: doubles with each failure.
 * @param failures how many attempts in a row have failed, 1 or more
 */
export function backoffMs(failures: number, firstMs: number, longestMs: number): number {
  return Math.min(firstMs * 2 ** (failures - 1), longestMs);
}

interface Failure {
  retryable: boolean;
  retryAfterMs?: number | undefined;
  /** A session was open, and was lost. */
  hadSession?: boolean;
}

/**
 * How long a connection waits before its next attempt, in milliseconds. Full jitter: many connections that fail together
 * do not dial in step.
 * @param failures how many attempts in a row have failed, 1 or more
 * @param random from 0 to below 1
 */
export function retryDelayMs(failures: number, failure: Failure, random: number): number {
  const ceiling = failure.retryable ? backoffMs(failures, BASE_MS, CAP_MS) : HOPELESS_CAP_MS;
  const jittered = failure.retryable ? random * ceiling : ceiling / 2 + (random * ceiling) / 2;
  const requestedMs = Math.min(failure.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
  // Those with the same Retry-After spread over the second after it.
  if (requestedMs > 0) return requestedMs + random * 1_000;
  const isAgain = failure.hadSession === true && failures >= 2;
  const minDelayMs = isAgain ? backoffMs(failures - 1, SESSION_MIN_DELAY_MS, SESSION_MAX_DELAY_MS) : 0;
  return Math.max(jittered, minDelayMs);
}
