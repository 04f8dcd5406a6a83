import { fail, redirect } from '@sveltejs/kit';
import type { AgentFormResult } from '$lib/agents/form-values.ts';
import { parseAgentForm } from '$lib/server/agents/agent-form.ts';
import { agentProblemWords, createAgent } from '$lib/server/agents/agents.ts';
import { modelChoices } from '../model-choices.server.ts';
import { listServers } from '$lib/server/servers/servers.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import { currentWorkspace } from '$lib/server/workspace/workspaces.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  const { workspace } = await event.parent();
  const servers = await listServers(who, workspace.id);
  return { servers: servers.map(({ id, name }) => ({ id, name })), choices: modelChoices() };
};

export const actions: Actions = {
  default: async (event) => {
    const who = signedIn(event);
    const workspace = await currentWorkspace(who, event.cookies);
    const parsed = parseAgentForm(await event.request.formData());
    const { values } = parsed;
    if (!parsed.ok) return fail<AgentFormResult>(400, { values, errors: parsed.errors });
    const problem = await createAgent(who, workspace.id, parsed.input, values.servers);
    if (problem) return fail<AgentFormResult>(409, { values, message: agentProblemWords(problem) });
    redirect(303, '/agents');
  },
};
