import { fail, redirect } from '@sveltejs/kit';
import { changePassword, deleteAccount } from '$lib/server/account.ts';
import { createPlainClient } from '$lib/server/session-client.ts';
import { signedIn } from '$lib/server/session.ts';
import { settings } from '$lib/server/settings.ts';
import type { Actions } from './$types';

export const actions: Actions = {
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
    await supabase.auth.signOut({ scope: 'global' });
    redirect(303, '/sign-in');
  },

  delete: async (event) => {
    const who = signedIn(event);
    const typed = String((await event.request.formData()).get('confirm') ?? '').trim();
    if (typed.toLowerCase() !== who.user.email.toLowerCase()) {
      const errors: Record<string, string[]> = { confirm: ['Type your email address exactly as it is.'] };
      return fail(400, { about: 'delete' as const, message: '', errors });
    }
    const outcome = await deleteAccount(who);
    if (!outcome.ok) {
      return fail(outcome.status, { about: 'delete' as const, message: outcome.message, errors: undefined });
    }
    redirect(303, '/sign-up');
  },
};
