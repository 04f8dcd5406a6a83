import type { AddressPolicy } from '../address-policy.ts';
import { AppError } from '../errors.ts';
import { createOutgoingFetch } from '../mcp/outgoing-fetch.ts';

/** A fetch as the SDK's OAuth code wants it. */
export type AuthorizationFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/**
 * Lends a fetch for the addresses that discovery yields: each goes through the address policy, as those that a
 * user types do. All requests together may take `timeoutMs`.
 */
export async function withAuthorizationFetch<T>(
  policy: AddressPolicy,
  timeoutMs: number,
  use: (fetch: AuthorizationFetch) => Promise<T>,
): Promise<T> {
  const outgoing = createOutgoingFetch({ policy });
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new AppError('timeout')), timeoutMs);
  try {
    return await use(async (url, init = {}) => {
      const { signal, body } = init;
      try {
        return await outgoing.fetch(url, {
          ...init,
          // Forms come as objects, and the outgoing fetch takes text.
          ...(body && { body: String(body as string | URLSearchParams) }),
          signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
        });
      } catch (cause) {
        // Only with a TypeError the SDK gives up; after others it guesses what the server may have meant.
        throw new TypeError('fetch failed', { cause });
      }
    });
  } finally {
    clearTimeout(timer);
    await outgoing.close();
  }
}
