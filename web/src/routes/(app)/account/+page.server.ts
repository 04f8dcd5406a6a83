import { fail, redirect } from '@sveltejs/kit';
import { changeEmail, changePassword, readPendingEmail } from '$lib/server/account.ts';
import { authProblemWords } from '$lib/server/credentials-form.ts';
import { deleteAccount, previewDeletion, readSuccessors } from '$lib/server/delete-account.ts';
import { sendEmailLink } from '$lib/server/email-links.ts';
import { createPlainClient } from '$lib/server/session-client.ts';
import { signedIn } from '$lib/server/session.ts';
import { settings } from '$lib/server/settings.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  const [pendingEmail, deletion] = await Promise.all([readPendingEmail(who), previewDeletion(who)]);
  return { pendingEmail, deletion, inboxUrl: settings().inboxUrl };
};

export const actions: Actions = {
  email: async (event) => {
    const outcome = await changeEmail(signedIn(event), event.url, await event.request.formData());
    if (outcome.ok) return { about: 'email' as const, asked: outcome.value };
    const { status, message, fieldErrors: errors } = outcome;
    return fail(status, { about: 'email' as const, message, errors });
  },

  resendEmail: async (event) => {
    const { user } = signedIn(event);
    const sent = await sendEmailLink(event, 'email_change', user.email, '/account');
    if (sent.ok) return { about: 'email' as const, asked: null };
    return fail(sent.status, { about: 'email' as const, message: sent.message, errors: undefined });
  },

  password: async (event) => {
    const who = signedIn(event);
    const form = await event.request.formData();
    const outcome = await changePassword(who, createPlainClient(event, settings()), {
      current: String(form.get('current') ?? ''),
      next: String(form.get('next') ?? ''),
    });
    if (outcome.ok) return { about: 'password' as const, done: true };
    const { status, message, fieldErrors: errors } = outcome;
    return fail(status, { about: 'password' as const, message, errors });
  },

  signOut: async (event) => {
    const { supabase } = signedIn(event);
    const { error } = await supabase.auth.signOut({ scope: 'global' });
    // The session stays in this browser then, to try again with.
    if (error) return fail(503, { about: 'sessions' as const, message: authProblemWords(error.code) });
    redirect(303, '/sign-in');
  },

  delete: async (event) => {
    const who = signedIn(event);
    const form = await event.request.formData();
    const confirm = String(form.get('confirm') ?? '').trim();
    const successors = readSuccessors(form);
    const refuse = (status: number, message: string, errors?: Record<string, string[]>) =>
      fail(status, { about: 'delete' as const, message, errors, typed: { confirm, successors } });
    if (confirm.toLowerCase() !== who.user.email.toLowerCase())
      return refuse(400, '', { confirm: ['Type your email address exactly as it is.'] });
    const outcome = await deleteAccount(who, successors);
    if (!outcome.ok) return refuse(outcome.status, outcome.message, outcome.fieldErrors);
    redirect(303, '/sign-up');
  },
};
