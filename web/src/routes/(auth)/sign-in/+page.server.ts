import { fail, redirect } from '@sveltejs/kit';
import { authProblemWords, parseCredentials } from '$lib/server/credentials-form.ts';
import { returnPath } from '$lib/return-path.ts';
import { settings } from '$lib/server/settings.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = ({ locals, url }) => {
  if (locals.user) redirect(303, returnPath(url.searchParams.get('next')));
  const { demoEmail, demoPassword } = settings();
  return { demoEmail: demoPassword ? demoEmail : undefined };
};

export const actions: Actions = {
  signIn: async ({ request, locals, url }) => {
    const parsed = parseCredentials(await request.formData());
    if (!parsed.ok) return fail(400, { email: parsed.email, errors: parsed.errors });
    const { email, password } = parsed;
    const { error } = await locals.supabase.auth.signInWithPassword({ email, password });
    if (error) return fail(400, { email, message: authProblemWords(error.code) });
    redirect(303, returnPath(url.searchParams.get('next')));
  },

  demo: async ({ locals, url }) => {
    const { demoEmail, demoPassword } = settings();
    if (!demoEmail || !demoPassword)
      return fail(404, { email: '', message: 'There is no demo account here.' });
    const { error } = await locals.supabase.auth.signInWithPassword({
      email: demoEmail,
      password: demoPassword,
    });
    if (error) return fail(400, { email: '', message: authProblemWords(error.code) });
    redirect(303, returnPath(url.searchParams.get('next')));
  },
};
