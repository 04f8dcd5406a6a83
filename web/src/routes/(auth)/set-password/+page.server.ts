import { redirect } from '@sveltejs/kit';
import { actionFailure } from '$lib/server/action-failure.ts';
import { returnPath } from '@patchbay/shared/contract/return-path';
import { setPassword } from '$lib/server/auth/account.ts';
import { endNewPassword, mayChooseNewPassword } from '../new-password.server.ts';
import { listOwnTokens } from '$lib/server/auth/sessions.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = (event) => {
  const { user } = signedIn(event);
  // Users who know their password change it on the account page.
  if (!mayChooseNewPassword(event, user.id)) redirect(303, '/account');
  return { email: user.email };
};

export const actions: Actions = {
  default: async (event) => {
    const who = signedIn(event);
    if (!mayChooseNewPassword(event, who.user.id)) redirect(303, '/account');
    const password = String((await event.request.formData()).get('next') ?? '');
    const outcome = await setPassword(who, password);
    if (!outcome.ok) return actionFailure(outcome);
    endNewPassword(event);
    const next = event.url.searchParams.get('next');
    const tokens = await listOwnTokens(who);
    // Older API tokens still work: the account page asks about them and continues from there.
    if (tokens?.length)
      redirect(303, `/account?${new URLSearchParams({ password: 'changed', next: next ?? '' })}`);
    redirect(303, returnPath(next));
  },
};
