import { fail, redirect } from '@sveltejs/kit';
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
    if (!outcome.ok) return fail(outcome.status, { message: outcome.message });
    rememberWorkspace(event.cookies, event.url, outcome.value.workspace_id);
    redirect(303, '/servers');
  },
};
