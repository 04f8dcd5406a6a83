import { fail } from '@sveltejs/kit';
import { parseEmail, sendEmailLink } from '$lib/server/auth/email-links.ts';
import type { Actions } from './$types';

export const actions: Actions = {
  default: async (event) => {
    const form = parseEmail(await event.request.formData());
    if (!form.ok) return fail(400, form);
    const sent = await sendEmailLink(event, 'magiclink', form.email, event.url.searchParams.get('next'));
    return sent.ok ? { email: form.email, sent: true } : fail(sent.status, { ...sent, email: form.email });
  },
};
