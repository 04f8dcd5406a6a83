import { redirect } from '@sveltejs/kit';
import { actionFailure } from '$lib/server/action-failure.ts';
import { failure } from '$lib/server/result.ts';
import { authErrorMessage, parseCredentials } from '$lib/server/auth/credentials-form.ts';
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
    if (!parsed.ok) return actionFailure(parsed, { email: parsed.email });
    const { email, password } = parsed.value;
    const { error } = await locals.supabase.auth.signInWithPassword({ email, password });
    if (error) {
      const isUnconfirmed = error.code === 'email_not_confirmed';
      return actionFailure(failure(400, authErrorMessage(error.code)), { email, isUnconfirmed });
    }
    redirect(303, returnPath(url.searchParams.get('next')));
  },

  resend: async (event) => {
    const form = parseEmail(await event.request.formData());
    if (!form.ok) return actionFailure(form, { email: form.email });
    const sent = await sendEmailLink(event, 'signup', form.email, event.url.searchParams.get('next'));
    return sent.ok ? { email: form.email, sent: true } : actionFailure(sent, { email: form.email });
  },

  demo: async ({ locals, url }) => {
    const { demoEmail, demoPassword } = settings();
    if (!demoEmail || !demoPassword)
      return actionFailure(failure(404, 'There is no demo account.'), { email: '' });
    const { error } = await locals.supabase.auth.signInWithPassword({
      email: demoEmail,
      password: demoPassword,
    });
    if (error) return actionFailure(failure(400, authErrorMessage(error.code)), { email: '' });
    redirect(303, returnPath(url.searchParams.get('next')));
  },
};
