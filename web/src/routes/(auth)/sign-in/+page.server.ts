import { fail, redirect } from '@sveltejs/kit';
import { authProblemWords, parseCredentials } from '$lib/server/auth/credentials-form.ts';
import { parseEmail, sendEmailLink } from '$lib/server/auth/email-links.ts';
import { returnPath } from '@patchbay/shared/contract/return-path';
import { settings } from '$lib/server/settings.ts';
import { enabledProviders } from '$lib/server/auth/social-providers.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, url }) => {
  if (locals.user) redirect(303, returnPath(url.searchParams.get('next')));
  const { demoEmail, demoPassword } = settings();
  const providers = await enabledProviders(settings());
  return { demoEmail: demoPassword ? demoEmail : undefined, providers };
};

export const actions: Actions = {
  signIn: async ({ request, locals, url }) => {
    const parsed = parseCredentials(await request.formData());
    if (!parsed.ok) return fail(400, { email: parsed.email, errors: parsed.errors });
    const { email, password } = parsed;
    const { error } = await locals.supabase.auth.signInWithPassword({ email, password });
    if (error) {
      const isUnconfirmed = error.code === 'email_not_confirmed';
      return fail(400, { email, message: authProblemWords(error.code), isUnconfirmed });
    }
    redirect(303, returnPath(url.searchParams.get('next')));
  },

  resend: async (event) => {
    const form = parseEmail(await event.request.formData());
    if (!form.ok) return fail(400, form);
    const sent = await sendEmailLink(event, 'signup', form.email, event.url.searchParams.get('next'));
    return sent.ok ? { email: form.email, sent: true } : fail(sent.status, { ...sent, email: form.email });
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
