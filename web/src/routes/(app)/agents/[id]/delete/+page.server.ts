import { error, redirect } from '@sveltejs/kit';
import { actionFailure } from '$lib/server/action-failure.ts';
import { deleteAgent, readAgent } from '$lib/server/agents/agents.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const agent = await readAgent(signedIn(event), event.params.id);
  if (!agent) error(404, { message: 'Agent not found.' });
  return { name: agent.name };
};

export const actions: Actions = {
  default: async (event) => {
    const deleted = await deleteAgent(signedIn(event), event.params.id);
    if (!deleted.ok) return actionFailure(deleted);
    redirect(303, '/agents');
  },
};
