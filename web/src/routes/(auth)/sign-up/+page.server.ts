import { redirect } from '@sveltejs/kit';
import { actionFailure } from '$lib/server/action-failure.ts';
import { failure } from '$lib/server/result.ts';
import { returnPath } from '@patchbay/shared/contract/return-path';
import { authErrorMessage, parseCredentials } from '$lib/server/auth/credentials-form.ts';
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
    if (!parsed.ok) return actionFailure(parsed, { email: parsed.email });
    const { email, password } = parsed.value;
    const next = url.searchParams.get('next');
    const options = { emailRedirectTo: linkTarget(url, next) };
    const { data, error } = await locals.supabase.auth.signUp({ email, password, options });
    if (error && isUnsent(error.code, 'signup')) return { email, sent: true };
    if (error) return actionFailure(failure(400, authErrorMessage(error.code)), { email });
    // Hosted projects confirm addresses first, so there is a user but no session yet.
    if (!data.session) return { email, sent: true };
    redirect(303, returnPath(next));
  },

  resend: async (event) => {
    const form = parseEmail(await event.request.formData());
    if (!form.ok) return actionFailure(form, { email: form.email });
    const sent = await sendEmailLink(event, 'signup', form.email, event.url.searchParams.get('next'));
    return sent.ok ? { email: form.email, sent: true } : actionFailure(sent, { email: form.email });
  },
};
