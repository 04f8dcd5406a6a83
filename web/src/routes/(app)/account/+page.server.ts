import { returnPath } from '@patchbay/shared/contract/return-path';
import { fail, redirect } from '@sveltejs/kit';
import { changeEmail, changePassword, readPendingEmail } from '$lib/server/auth/account.ts';
import { authProblemWords } from '$lib/server/auth/credentials-form.ts';
import { deleteAccount, previewDeletion, readSuccessors } from './delete-account.server.ts';
import { sendEmailLink } from '$lib/server/auth/email-links.ts';
import type { Outcome } from '$lib/server/procedures.ts';
import { createPlainClient } from '$lib/server/auth/session-client.ts';
import {
  endOtherSessions,
  endSession,
  listOwnTokens,
  listSessions,
  revokeOwnTokens,
} from '$lib/server/auth/sessions.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import { settings } from '$lib/server/settings.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  const [pendingEmail, deletion, sessions, tokens] = await Promise.all([
    readPendingEmail(who),
    previewDeletion(who),
    listSessions(who),
    listOwnTokens(who),
  ]);
  const { searchParams } = event.url;
  const next = searchParams.get('next');
  return {
    pendingEmail,
    deletion,
    sessions,
    tokens,
    /** A link in an email has led to another password just now. */
    hasNewPassword: searchParams.get('password') === 'changed',
    afterwards: next ? returnPath(next) : '/account',
    inboxUrl: settings().inboxUrl,
  };
};

function sessionsAnswer<T>(outcome: Outcome<T>, words: (value: T) => string) {
  const about = 'sessions' as const;
  if (outcome.ok) return { about, message: words(outcome.value), done: true };
  return fail(outcome.status, { about, message: outcome.message });
}

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

  endSession: async (event) => {
    const who = signedIn(event);
    const outcome = await endSession(who, String((await event.request.formData()).get('id')));
    return sessionsAnswer(outcome, () => 'Signed out. That browser loses access within an hour.');
  },

  endOthers: async (event) => {
    const outcome = await endOtherSessions(signedIn(event));
    return sessionsAnswer(outcome, (count) =>
      count === 1
        ? '1 other browser is signed out. It loses access within an hour.'
        : `${count} other browsers are signed out. They lose access within an hour.`,
    );
  },

  revokeTokens: async (event) => {
    const who = signedIn(event);
    const outcome = await revokeOwnTokens(who, (await event.request.formData()).getAll('id').map(String));
    if (!outcome.ok) return fail(outcome.status, { about: 'tokens' as const, message: outcome.message });
    const message =
      outcome.value === 1 ? '1 API token is revoked.' : `${outcome.value} API tokens are revoked.`;
    return { about: 'tokens' as const, message, done: true };
  },

  signOut: async (event) => {
    const who = signedIn(event);
    // Auth ends them all; asking the database first leaves an event in the audit trail.
    await endOtherSessions(who);
    const { error } = await who.supabase.auth.signOut({ scope: 'global' });
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
