import { redirect } from '@sveltejs/kit';
import { actionFailure } from '$lib/server/action-failure.ts';
import { acceptInvitation, previewInvitation } from '$lib/server/workspace/members.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import { rememberWorkspace } from '$lib/server/workspace/workspaces.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  const preview = await previewInvitation(who, event.params.token);
  return { preview, email: who.user.email };
};

export const actions: Actions = {
  default: async (event) => {
    const outcome = await acceptInvitation(signedIn(event), event.params.token);
    if (!outcome.ok) return actionFailure(outcome);
    rememberWorkspace(event.cookies, event.url, outcome.value.workspace_id);
    redirect(303, '/servers');
  },
};
