import { actionFailure } from '$lib/server/action-failure.ts';
import { parseEmail, sendEmailLink } from '$lib/server/auth/email-links.ts';
import type { Actions } from './$types';

export const actions: Actions = {
  default: async (event) => {
    const form = parseEmail(await event.request.formData());
    if (!form.ok) return actionFailure(form, { email: form.email });
    const sent = await sendEmailLink(event, 'magiclink', form.email, event.url.searchParams.get('next'));
    return sent.ok ? { email: form.email, sent: true } : actionFailure(sent, { email: form.email });
  },
};
