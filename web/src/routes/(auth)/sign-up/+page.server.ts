import { fail, redirect } from '@sveltejs/kit';
import { returnPath } from '@patchbay/shared/contract/return-path';
import { authProblemWords, parseCredentials } from '$lib/server/auth/credentials-form.ts';
import { isUnsent, linkTarget, parseEmail, sendEmailLink } from '$lib/server/auth/email-links.ts';
import { settings } from '$lib/server/settings.ts';
import { enabledProviders } from '$lib/server/auth/social-providers.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, url }) => {
  if (locals.user) redirect(303, returnPath(url.searchParams.get('next')));
  return { providers: await enabledProviders(settings()) };
};

export const actions: Actions = {
  signUp: async ({ request, locals, url }) => {
    const parsed = parseCredentials(await request.formData());
    if (!parsed.ok) return fail(400, { email: parsed.email, errors: parsed.errors });
    const { email, password } = parsed;
    const next = url.searchParams.get('next');
    const options = { emailRedirectTo: linkTarget(url, next) };
    const { data, error } = await locals.supabase.auth.signUp({ email, password, options });
    if (error && isUnsent(error.code, 'signup')) return { email, sent: true };
    if (error) return fail(400, { email, message: authProblemWords(error.code) });
    // Hosted projects confirm addresses first: then there is a user but no session yet.
    if (!data.session) return { email, sent: true };
    redirect(303, returnPath(next));
  },

  resend: async (event) => {
    const form = parseEmail(await event.request.formData());
    if (!form.ok) return fail(400, form);
    const sent = await sendEmailLink(event, 'signup', form.email, event.url.searchParams.get('next'));
    return sent.ok ? { email: form.email, sent: true } : fail(sent.status, { ...sent, email: form.email });
  },
};
