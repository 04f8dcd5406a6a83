import { redirect } from '@sveltejs/kit';
import { actionFailure } from '$lib/server/action-failure.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import { createWorkspace } from '../workspace-settings.server.ts';
import { rememberWorkspace } from '$lib/server/workspace/workspaces.ts';
import type { Actions } from './$types';

export const actions: Actions = {
  default: async (event) => {
    const who = signedIn(event);
    const name = String((await event.request.formData()).get('name') ?? '').trim();
    const outcome = await createWorkspace(who, name);
    if (!outcome.ok) return actionFailure(outcome, { name });
    rememberWorkspace(event.cookies, event.url, outcome.value);
    redirect(303, '/servers');
  },
};
