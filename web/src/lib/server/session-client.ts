import type { ClientSchema } from '@patchbay/shared/schema/database';
import { createServerClient } from '@supabase/ssr';
import type { SupabaseClient } from '@supabase/supabase-js';
import type { RequestEvent } from '@sveltejs/kit';
import { watchAuth, type AuthWatch } from './auth-watch.ts';

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
  event: Pick<RequestEvent, 'cookies' | 'setHeaders' | 'url'>,
  { supabaseUrl, publishableKey }: { supabaseUrl: string; publishableKey: string },
  watch = watchAuth(),
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

/** Forgets the session in this browser, whether or not Auth answers. */
export function forgetSession({ cookies }: Pick<RequestEvent, 'cookies'>): void {
  for (const { name } of cookies.getAll())
    if (/^sb-.+-auth-token(\.\d+)?$/.test(name)) cookies.delete(name, { path: '/' });
}
