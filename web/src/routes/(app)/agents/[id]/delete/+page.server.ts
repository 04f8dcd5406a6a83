import { error, fail, redirect } from '@sveltejs/kit';
import { agentProblemWords, deleteAgent, readAgent } from '$lib/server/agents/agents.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const agent = await readAgent(signedIn(event), event.params.id);
  if (!agent) error(404, { message: 'This agent is not there any more.' });
  return { name: agent.name };
};

export const actions: Actions = {
  default: async (event) => {
    const problem = await deleteAgent(signedIn(event), event.params.id);
    if (problem) return fail(409, { message: agentProblemWords(problem) });
    redirect(303, '/agents');
  },
};
