import { returnPath } from '@patchbay/shared/contract/return-path';
import { redirect } from '@sveltejs/kit';
import { actionFailure } from '$lib/server/action-failure.ts';
import { changeEmail, changePassword, readPendingEmail } from '$lib/server/auth/account.ts';
import { authErrorMessage } from '$lib/server/auth/credentials-form.ts';
import { deleteAccount, previewDeletion, readSuccessors } from './delete-account.server.ts';
import { sendEmailLink } from '$lib/server/auth/email-links.ts';
import { failure, invalidFields, type Result } from '$lib/server/result.ts';
import { createPlainClient } from '$lib/server/auth/session-client.ts';
import {
  endOtherSessions,
  endSession,
  listOwnTokens,
  listSessions,
  revokeOwnTokens,
} from '$lib/server/auth/sessions.ts';
import { formatCount } from '$lib/ui/format-count.ts';
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
    /** An emailed link was just used to set a new password. */
    hasNewPassword: searchParams.get('password') === 'changed',
    afterwards: next ? returnPath(next) : '/account',
    inboxUrl: settings().inboxUrl,
  };
};

function sessionsAnswer<T>(outcome: Result<T>, words: (value: T) => string) {
  const about = 'sessions' as const;
  if (outcome.ok) return { about, message: words(outcome.value), done: true };
  return actionFailure(outcome, { about });
}

export const actions: Actions = {
  email: async (event) => {
    const outcome = await changeEmail(signedIn(event), event.url, await event.request.formData());
    if (outcome.ok) return { about: 'email' as const, asked: outcome.value };
    return actionFailure(outcome, { about: 'email' });
  },

  resendEmail: async (event) => {
    const { user } = signedIn(event);
    const sent = await sendEmailLink(event, 'email_change', user.email, '/account');
    if (sent.ok) return { about: 'email' as const, asked: null };
    return actionFailure(sent, { about: 'email' });
  },

  password: async (event) => {
    const who = signedIn(event);
    const form = await event.request.formData();
    const outcome = await changePassword(who, createPlainClient(event, settings()), {
      current: String(form.get('current') ?? ''),
      next: String(form.get('next') ?? ''),
    });
    if (outcome.ok) return { about: 'password' as const, done: true };
    return actionFailure(outcome, { about: 'password' });
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
        ? 'Signed out 1 other browser. It loses access within an hour.'
        : `Signed out ${count} other browsers. They lose access within an hour.`,
    );
  },

  revokeTokens: async (event) => {
    const who = signedIn(event);
    const outcome = await revokeOwnTokens(who, (await event.request.formData()).getAll('id').map(String));
    if (!outcome.ok) return actionFailure(outcome, { about: 'tokens' });
    const message = `Revoked ${formatCount(outcome.value, 'API token')}.`;
    return { about: 'tokens' as const, message, done: true };
  },

  signOut: async (event) => {
    const who = signedIn(event);
    // Auth ends all sessions; the database function records it in the audit log first.
    await endOtherSessions(who);
    const { error } = await who.supabase.auth.signOut({ scope: 'global' });
    if (error) return actionFailure(failure(503, authErrorMessage(error.code)), { about: 'sessions' });
    redirect(303, '/sign-in');
  },

  delete: async (event) => {
    const who = signedIn(event);
    const form = await event.request.formData();
    const confirm = String(form.get('confirm') ?? '').trim();
    const successors = readSuccessors(form);
    const outcome =
      confirm.toLowerCase() === who.user.email.toLowerCase()
        ? await deleteAccount(who, successors)
        : invalidFields({ confirm: ['Enter your exact email address.'] });
    if (!outcome.ok) return actionFailure(outcome, { about: 'delete', typed: { confirm, successors } });
    redirect(303, '/sign-up');
  },
};
