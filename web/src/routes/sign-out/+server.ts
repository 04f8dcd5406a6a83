import { redirect } from '@sveltejs/kit';
import type { RequestHandler } from './$types';

/** Ends the session of this browser only. */
export const POST: RequestHandler = async ({ locals }) => {
  await locals.supabase.auth.signOut({ scope: 'local' });
  redirect(303, '/sign-in');
};
