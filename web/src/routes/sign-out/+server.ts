import { redirect } from '@sveltejs/kit';
import { createSessionClient, forgetSession } from '$lib/server/auth/session-client.ts';
import { settings } from '$lib/server/settings.ts';
import type { RequestHandler } from './$types';

/** Ends the session of this browser only, even if Auth does not answer. */
export const POST: RequestHandler = async (event) => {
  const { supabase } = createSessionClient(event, settings());
  await supabase.auth.signOut({ scope: 'local' });
  forgetSession(event);
  redirect(303, '/sign-in');
};
