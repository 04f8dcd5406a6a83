import { fail, redirect } from '@sveltejs/kit';
import { acceptInvitation, previewInvitation } from '$lib/server/members.ts';
import { signedIn } from '$lib/server/session.ts';
import { rememberWorkspace } from '$lib/server/workspaces.ts';
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
