/** Supabase-js retries a refresh that gets no answer for 30 s; a page must not hang for that long. */
const RETRY_FOR_MS = 2_000;
/** Statuses below 500 that say nothing about the session: time-out, too early, too many requests. */
const TEMPORARY: ReadonlySet<number> = new Set([408, 425, 429]);

export interface AuthWatch {
  /** For the client: passes requests on, and watches what Auth answers. */
  fetch: typeof fetch;
  /** Whether Auth's last answer was a temporary failure, so that nothing is known about the session. */
  isAway: () => boolean;
}

/**
 * Watches the answers that one client gets from Supabase Auth. A refresh that keeps failing is handed to the client as
 * 429, the one temporary failure that it does not retry.
 *
 * @param now milliseconds of a monotonic clock
 */
export function watchAuth(send: typeof fetch = fetch, now = (): number => performance.now()): AuthWatch {
  let isAway = false;
  let firstAskedAt: number | undefined;
  return {
    isAway: () => isAway,
    fetch: async (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      if (!url.pathname.startsWith('/auth/v1/')) return send(input, init);
      isAway = true;
      const isRefresh = url.searchParams.get('grant_type') === 'refresh_token';
      const since = (firstAskedAt ??= now());
      const mayRetry = !isRefresh || now() - since < RETRY_FOR_MS;
      try {
        const response = await send(input, init);
        isAway = await isTemporaryFailure(response);
        if (!isAway || mayRetry) return response;
      } catch (error) {
        if (mayRetry) throw error;
      }
      return Response.json({ error_code: 'over_request_rate_limit' }, { status: 429 });
    },
  };
}

/** Anything but success and a refusal in Auth's own form, such as the page of a proxy or a refused API key. */
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
