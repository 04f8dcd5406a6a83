import type { ClientSchema } from '@patchbay/shared/contract/schema/database';
import { createServerClient } from '@supabase/ssr';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import type { RequestEvent } from '@sveltejs/kit';
import { trackAuth, type AuthTracker } from './auth-watch.ts';
import { withUserAgent } from './client-agent.ts';
import { withClientIp } from './client-ip.ts';

interface Project {
  supabaseUrl: string;
  publishableKey: string;
}

export interface SessionClient {
  supabase: SupabaseClient<ClientSchema>;
  isAuthDown: AuthTracker['isDown'];
}

/**
 * Creates a Supabase client whose session is in the request's HttpOnly cookies, so scripts never see the refresh token.
 * supabase-js drops the session whenever a refresh fails; the cookies stay if Auth was only unreachable.
 */
export function createSessionClient(
  event: Pick<RequestEvent, 'cookies' | 'getClientAddress' | 'request' | 'setHeaders' | 'url'>,
  { supabaseUrl, publishableKey }: Project,
  watch = trackAuth(fetchFor(event)),
): SessionClient {
  let saidNotToCache = false;
  const supabase = createServerClient<ClientSchema>(supabaseUrl, publishableKey, {
    global: { fetch: watch.fetch },
    cookies: {
      getAll: () => event.cookies.getAll(),
      setAll: (cookies, headers) => {
        for (const { name, value, options } of cookies) {
          if (value === '' && watch.isDown()) continue;
          event.cookies.set(name, value, {
            ...options,
            path: '/',
            httpOnly: true,
            sameSite: 'lax',
            secure: event.url.protocol === 'https:',
          });
        }
        // Cookies may be set twice in a request, headers only once.
        if (!saidNotToCache) event.setHeaders(headers);
        saidNotToCache = true;
      },
    },
  });
  return { supabase, isAuthDown: watch.isDown };
}

/** Creates a client without a session, to try credentials without touching the request's session. */
export function createPlainClient(
  event: Pick<RequestEvent, 'getClientAddress' | 'request'>,
  { supabaseUrl, publishableKey }: Project,
): SupabaseClient<ClientSchema> {
  return createClient<ClientSchema>(supabaseUrl, publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: { fetch: fetchFor(event) },
  });
}

const fetchFor = (event: Pick<RequestEvent, 'getClientAddress' | 'request'>): typeof fetch =>
  withClientIp(
    withUserAgent(fetch, () => event.request.headers.get('user-agent')),
    () => event.getClientAddress(),
  );

/** Removes the session from this browser, whether or not Auth answers. */
export function forgetSession({ cookies }: Pick<RequestEvent, 'cookies'>): void {
  for (const { name } of cookies.getAll())
    if (/^sb-.+-auth-token(\.\d+)?$/.test(name)) cookies.delete(name, { path: '/' });
}
