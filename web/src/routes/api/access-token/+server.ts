import { error, json } from '@sveltejs/kit';
import type { Access } from '$lib/live/access-token.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import { settings } from '$lib/server/settings.ts';
import type { RequestHandler } from './$types';

/** The short-lived token for Realtime in the browser; the refresh token stays in its cookie. */
export const GET: RequestHandler = async (event) => {
  const { supabase, accessToken } = signedIn(event);
  const { data } = await supabase.auth.getSession();
  if (!data.session?.expires_at) error(401, { message: 'Your session has expired.', hint: 'Sign in again.' });
  const { supabaseUrl, publishableKey } = settings();
  const access: Access = {
    accessToken,
    expiresAt: data.session.expires_at * 1000,
    supabaseUrl,
    publishableKey,
  };
  return json(access, { headers: { 'cache-control': 'no-store' } });
};
