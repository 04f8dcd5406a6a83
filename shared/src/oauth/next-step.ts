/** What is to be done with a grant before a request, or after the server refused its token. Pure. */
import type { Grant } from './grant.ts';

export type GrantStep =
  /** The access token is good, for all that is known. */
  | { do: 'use' }
  | { do: 'refresh' }
  /** Somebody else refreshes it: look again, at the latest after so long. */
  | { do: 'wait'; ms: number }
  /** The authorization server did not answer a moment ago. */
  | { do: 'back_off'; retryAfterMs: number }
  /** Only its holder can help. */
  | { do: 'sign_in' };

/** A token is refreshed so long before its end, or, if it lives shortly, in its last fifth. */
const AHEAD_MS = 60_000;
const AHEAD_SHARE = 0.2;

/**
 * @param refusedToken an access token that the server refused, if one was
 * @param now wall clock, ms since 1970
 */
export function nextStep(
  grant: Pick<
    Grant,
    'tokens' | 'is_unattended' | 'expires_at' | 'is_refused' | 'retry_in_ms' | 'lease_left_ms'
  > | null,
  refusedToken: string | null,
  now: number,
): GrantStep {
  if (!grant || grant.is_refused) return { do: 'sign_in' };
  const { access_token, refresh_token, expires_in } = grant.tokens;
  const leftMs = grant.expires_at === null ? Infinity : Date.parse(grant.expires_at) - now;
  const aheadMs = Math.min(AHEAD_MS, (expires_in ?? Infinity) * 1_000 * AHEAD_SHARE);
  const isUsable = access_token !== refusedToken && leftMs > 0;
  const isRenewable = refresh_token !== undefined || grant.is_unattended;
  if (isUsable && (leftMs > aheadMs || !isRenewable)) return { do: 'use' };
  if (!isRenewable) return { do: 'sign_in' };
  const isHeld = (grant.retry_in_ms ?? 0) > 0 || (grant.lease_left_ms ?? 0) > 0;
  if (!isHeld) return { do: 'refresh' };
  if (isUsable) return { do: 'use' };
  if (grant.retry_in_ms) return { do: 'back_off', retryAfterMs: grant.retry_in_ms };
  return { do: 'wait', ms: grant.lease_left_ms ?? 0 };
}
