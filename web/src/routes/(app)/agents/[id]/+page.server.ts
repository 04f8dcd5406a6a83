import { error } from '@sveltejs/kit';
import { actionFailure } from '$lib/server/action-failure.ts';
import { agentValuesOf, type AgentFormResult } from '$lib/agents/form-values.ts';
import { parseAgentForm } from '$lib/server/agents/agent-form.ts';
import { listAssignedServers, readAgent, saveAgent } from '$lib/server/agents/agents.ts';
import { modelChoices } from '../model-choices.server.ts';
import { listServers } from '$lib/server/servers/servers.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  const { workspace } = await event.parent();
  const [agent, given, servers] = await Promise.all([
    readAgent(who, event.params.id),
    listAssignedServers(who, event.params.id),
    listServers(who, workspace.id),
  ]);
  if (!agent) error(404, { message: 'Agent not found.', hint: 'It may have been deleted.' });
  return {
    id: agent.id,
    name: agent.name,
    isDefault: agent.is_default,
    values: agentValuesOf(agent, given),
    servers: servers.map(({ id, name }) => ({ id, name })),
    choices: modelChoices(agent.language ?? ''),
  };
};

export const actions: Actions = {
  default: async (event) => {
    const who = signedIn(event);
    const parsed = parseAgentForm(await event.request.formData());
    const { values } = parsed;
    if (!parsed.ok) return actionFailure(parsed, { values });
    const saved = await saveAgent(who, event.params.id, parsed.value, values.servers);
    if (!saved.ok) return actionFailure(saved, { values });
    return { values, isSaved: true } satisfies AgentFormResult;
  },
};
