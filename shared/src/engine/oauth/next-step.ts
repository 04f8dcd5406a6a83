/** What is to be done with a grant before a request, or after the server refused its token. Pure. */
import { backoffMs } from '../backoff.ts';
import type { Grant } from './grant.ts';

export type GrantStep =
  /** The access token is good, for all that is known. */
  | { do: 'use' }
  | { do: 'refresh' }
  /** Another process refreshes it: read it again, at the latest after so long. */
  | { do: 'wait'; ms: number }
  /** The authorization server did not answer a moment ago. */
  | { do: 'back_off'; retryAfterMs: number }
  /** The server refused the only token that there is for now. */
  | { do: 'give_up' }
  /** Only its holder can help. */
  | { do: 'sign_in' };

/** A token is refreshed so long before its end, or, if it lives shortly, in its last fifth. */
const AHEAD_MS = 60_000;
const AHEAD_SHARE = 0.2;

/** Between two refreshes; doubled, up to the second, with each refreshed token that the server refused. */
const MIN_DELAY_MS = 1_000;
const MAX_DELAY_MS = 30_000;

/**
 * What comes next. A refreshed token is used at least once, whatever is said of its life, and a server that refuses
 * each new token does not get the authorization server asked for another every time.
 * @param refusedToken an access token that the server refused, if one was
 * @param now wall clock, ms since 1970
 */
export function nextStep(
  grant: Pick<
    Grant,
    | 'tokens'
    | 'is_unattended'
    | 'expires_at'
    | 'is_refused'
    | 'renewed_ms_ago'
    | 'vain_renewals'
    | 'retry_in_ms'
    | 'lease_left_ms'
  > | null,
  refusedToken: string | null,
  now: number,
): GrantStep {
  if (!grant || grant.is_refused) return { do: 'sign_in' };
  const { access_token, refresh_token, expires_in } = grant.tokens;
  const leftMs = grant.expires_at === null ? Infinity : Date.parse(grant.expires_at) - now;
  const aheadMs = Math.min(AHEAD_MS, (expires_in ?? Infinity) * 1_000 * AHEAD_SHARE);
  const ageMs = grant.renewed_ms_ago ?? Infinity;
  const isFresh = ageMs < MIN_DELAY_MS;
  const isRefused = access_token === refusedToken;
  const isUsable = !isRefused && (leftMs > 0 || isFresh);
  const isRenewable = refresh_token !== undefined || grant.is_unattended;
  if (isUsable && (leftMs > aheadMs || isFresh || !isRenewable)) return { do: 'use' };
  // An expired token was valid before, so failed renewals are no reason to wait longer.
  const delayMs = leftMs > 0 ? backoffMs(grant.vain_renewals + 1, MIN_DELAY_MS, MAX_DELAY_MS) : MIN_DELAY_MS;
  if (isRefused && (ageMs < delayMs || !isRenewable)) return { do: 'give_up' };
  if (!isRenewable) return { do: 'sign_in' };
  const isHeld = (grant.retry_in_ms ?? 0) > 0 || (grant.lease_left_ms ?? 0) > 0;
  if (!isHeld) return { do: 'refresh' };
  if (isUsable) return { do: 'use' };
  if (grant.retry_in_ms) return { do: 'back_off', retryAfterMs: grant.retry_in_ms };
  return { do: 'wait', ms: grant.lease_left_ms ?? 0 };
}
