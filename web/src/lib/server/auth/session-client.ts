import type { ClientSchema } from '@patchbay/shared/contract/schema/database';
import { createServerClient } from '@supabase/ssr';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import type { RequestEvent } from '@sveltejs/kit';
import { watchAuth, type AuthWatch } from './auth-watch.ts';
import { withUserAgent } from './client-agent.ts';
import { withClientIp } from './client-ip.ts';

interface Project {
  supabaseUrl: string;
  publishableKey: string;
}

export interface SessionClient {
  supabase: SupabaseClient<ClientSchema>;
  /** Whether Auth's last answer was a temporary failure. */
  isAuthAway: AuthWatch['isAway'];
}

/**
 * A Supabase client whose session is in the HttpOnly cookies of a request: scripts never see the refresh token.
 * Supabase-js removes the session whenever a refresh fails; the cookies are kept where Auth was only away.
 */
export function createSessionClient(
  event: Pick<RequestEvent, 'cookies' | 'getClientAddress' | 'request' | 'setHeaders' | 'url'>,
  { supabaseUrl, publishableKey }: Project,
  watch = watchAuth(fetchFor(event)),
): SessionClient {
  let saidNotToCache = false;
  const supabase = createServerClient<ClientSchema>(supabaseUrl, publishableKey, {
    global: { fetch: watch.fetch },
    cookies: {
      getAll: () => event.cookies.getAll(),
      setAll: (cookies, headers) => {
        for (const { name, value, options } of cookies) {
          if (value === '' && watch.isAway()) continue;
          event.cookies.set(name, value, {
            ...options,
            path: '/',
            httpOnly: true,
            sameSite: 'lax',
            secure: event.url.protocol === 'https:',
          });
        }
        // Cookies may be written twice in a request, headers only once.
        if (!saidNotToCache) event.setHeaders(headers);
        saidNotToCache = true;
      },
    },
  });
  return { supabase, isAuthAway: watch.isAway };
}

/** A client that keeps nothing, for an attempt to sign in that must leave the session of the request as it is. */
export function createPlainClient(
  event: Pick<RequestEvent, 'getClientAddress' | 'request'>,
  { supabaseUrl, publishableKey }: Project,
): SupabaseClient<ClientSchema> {
  return createClient<ClientSchema>(supabaseUrl, publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: { fetch: fetchFor(event) },
  });
}

/** Fetch that tells Auth who is behind a request. */
const fetchFor = (event: Pick<RequestEvent, 'getClientAddress' | 'request'>): typeof fetch =>
  withClientIp(
    withUserAgent(fetch, () => event.request.headers.get('user-agent')),
    () => event.getClientAddress(),
  );

/** Forgets the session in this browser, whether or not Auth answers. */
export function forgetSession({ cookies }: Pick<RequestEvent, 'cookies'>): void {
  for (const { name } of cookies.getAll())
    if (/^sb-.+-auth-token(\.\d+)?$/.test(name)) cookies.delete(name, { path: '/' });
}
