import { fail, redirect } from '@sveltejs/kit';
import { returnPath } from '$lib/return-path.ts';
import { authProblemWords, parseCredentials } from '$lib/server/credentials-form.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = ({ locals, url }) => {
  if (locals.user) redirect(303, returnPath(url.searchParams.get('next')));
};

export const actions: Actions = {
  default: async ({ request, locals, url }) => {
    const parsed = parseCredentials(await request.formData());
    if (!parsed.ok) return fail(400, { email: parsed.email, errors: parsed.errors });
    const { email, password } = parsed;
    const { data, error } = await locals.supabase.auth.signUp({ email, password });
    if (error) return fail(400, { email, message: authProblemWords(error.code) });
    // Hosted projects confirm addresses first: then there is a user but no session yet.
    if (!data.session) return { email, confirm: true };
    redirect(303, returnPath(url.searchParams.get('next')));
  },
};
