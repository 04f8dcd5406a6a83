const LONGEST = 500;

/**
 * Wraps the fetch of a Supabase client so that Auth records the user's browser with the session, not this server.
 * @param agent the browser's User-Agent header, if it sent one
 */
export function withUserAgent(send: typeof fetch, agent: () => string | null): typeof fetch {
  return (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const name = agent();
    if (!pathname.startsWith('/auth/v1/') || name === null) return send(input, init);
    const request = new Request(input, init);
    request.headers.set('user-agent', name.slice(0, LONGEST));
    return send(request);
  };
}
