import { error, redirect, type RequestEvent } from '@sveltejs/kit';
import { createSessionClient } from './session-client.ts';
import { settings } from '../settings.ts';

/**
 * Gives the request its own Supabase client and, if the cookies hold a valid session, its user.
 * @throws 503 when Auth can't tell whether the session is valid; the user stays signed in
 */
export async function openSession(event: RequestEvent): Promise<void> {
  const { supabase, isAuthDown } = createSessionClient(event, settings());
  event.locals.supabase = supabase;
  const { data } = await supabase.auth.getClaims();
  if (!data && isAuthDown()) {
    const message = "The sign-in service isn't responding. You're still signed in. Try again in a minute.";
    error(503, message);
  }
  if (!data) return;
  const { data: held } = await supabase.auth.getSession();
  event.locals.user = { id: data.claims.sub, email: data.claims.email ?? '' };
  event.locals.accessToken = held.session?.access_token ?? null;
}

export interface SignedIn {
  supabase: App.Locals['supabase'];
  user: { id: string; email: string };
  accessToken: string;
  trace: App.Locals['trace'];
}

/**
 * The signed-in user of a page, a form action or an endpoint.
 * @throws 401 for an endpoint, otherwise a redirect to the sign-in page that leads back here
 */
export function signedIn(event: Pick<RequestEvent, 'locals' | 'url' | 'route'>): SignedIn {
  const { supabase, user, accessToken, trace } = event.locals;
  if (user && accessToken) return { supabase, user, accessToken, trace };
  if (event.route.id?.startsWith('/api/')) {
    error(401, { message: 'Your session has expired.', hint: 'Sign in again.' });
  }
  redirect(303, `/sign-in?next=${encodeURIComponent(pathOf(event.url))}`);
}

/** Path to return to. Drops the name of a form action (`?/rename`), which can't be opened. */
function pathOf({ pathname, searchParams }: URL): string {
  const kept = new URLSearchParams([...searchParams].filter(([name]) => !name.startsWith('/')));
  return kept.size > 0 ? `${pathname}?${kept.toString()}` : pathname;
}
