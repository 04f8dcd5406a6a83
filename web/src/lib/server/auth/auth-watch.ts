/** supabase-js retries an unanswered refresh for 30 s; a page must not hang that long. */
const RETRY_FOR_MS = 2_000;
/** Statuses below 500 that say nothing about the session: timeout, too early, too many requests. */
const TEMPORARY: ReadonlySet<number> = new Set([408, 425, 429]);

export interface AuthTracker {
  fetch: typeof fetch;
  /** Whether Auth's last answer was a temporary failure, so the session may still be valid. */
  isDown: () => boolean;
}

/**
 * Tracks the answers that one client gets from Supabase Auth. A refresh that keeps failing is reported to the client as
 * 429, the only temporary failure that it does not retry.
 * @param now milliseconds of a monotonic clock
 */
export function trackAuth(send: typeof fetch = fetch, now = (): number => performance.now()): AuthTracker {
  let isDown = false;
  let firstAskedAt: number | undefined;
  return {
    isDown: () => isDown,
    fetch: async (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      if (!url.pathname.startsWith('/auth/v1/')) return send(input, init);
      isDown = true;
      const isRefresh = url.searchParams.get('grant_type') === 'refresh_token';
      const since = (firstAskedAt ??= now());
      const mayRetry = !isRefresh || now() - since < RETRY_FOR_MS;
      try {
        const response = await send(input, init);
        isDown = await isTemporaryFailure(response);
        if (!isDown || mayRetry) return response;
      } catch (error) {
        if (mayRetry) throw error;
      }
      return Response.json({ error_code: 'over_request_rate_limit' }, { status: 429 });
    },
  };
}

/** Anything but a success or a rejection in Auth's own format, such as a proxy's error page. */
async function isTemporaryFailure(response: Response): Promise<boolean> {
  const { status } = response;
  if (status >= 500 || TEMPORARY.has(status)) return true;
  if (status === 204) return false;
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  if (typeof body !== 'object' || body === null) return true;
  return !response.ok && !('error_code' in body) && !('code' in body && typeof body.code === 'string');
}
