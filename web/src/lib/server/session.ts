import type { ClientSchema } from '@patchbay/shared/schema/database';
import { createServerClient } from '@supabase/ssr';
import { isAuthRetryableFetchError } from '@supabase/supabase-js';
import { error, redirect, type RequestEvent } from '@sveltejs/kit';
import { settings } from './settings.ts';

/**
 * Gives the request its own Supabase client and, when the cookies hold a valid session, its user.
 * The session lives in HttpOnly cookies: scripts in the page never see the refresh token.
 * @throws 503 when the sign-in service cannot be reached, so that nobody is asked to sign in again for it
 */
export async function openSession(event: RequestEvent): Promise<void> {
  const { supabaseUrl, publishableKey } = settings();
  let saidNotToCache = false;
  const client = createServerClient<ClientSchema>(supabaseUrl, publishableKey, {
    cookies: {
      getAll: () => event.cookies.getAll(),
      setAll: (cookies, headers) => {
        for (const { name, value, options } of cookies) {
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
  event.locals.supabase = client;

  const { data, error: problem } = await event.locals.supabase.auth.getClaims();
  if (problem && isAuthRetryableFetchError(problem)) {
    error(503, {
      message: 'The sign-in service does not answer.',
      hint: 'Try again in a moment. Your servers and conversations are not affected.',
    });
  }
  if (!data) return;
  const { data: held } = await event.locals.supabase.auth.getSession();
  event.locals.user = { id: data.claims.sub, email: data.claims.email ?? '' };
  event.locals.accessToken = held.session?.access_token ?? null;
}

export interface SignedIn {
  supabase: App.Locals['supabase'];
  user: { id: string; email: string };
  accessToken: string;
  /** Goes with what is asked of edge functions. */
  trace: App.Locals['trace'];
}

/**
 * The user of a page, a form action or an endpoint.
 * @throws 401 for an endpoint, else a redirect to the sign-in page that leads back here
 */
export function signedIn(event: Pick<RequestEvent, 'locals' | 'url' | 'route'>): SignedIn {
  const { supabase, user, accessToken, trace } = event.locals;
  if (user && accessToken) return { supabase, user, accessToken, trace };
  if (event.route.id?.startsWith('/api/')) {
    error(401, { message: 'Your session has expired.', hint: 'Sign in again.' });
  }
  redirect(303, `/sign-in?next=${encodeURIComponent(event.url.pathname + event.url.search)}`);
}
