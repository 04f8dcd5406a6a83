import { AgentConfigPatch, VOICES } from '@patchbay/shared/schema/agent-config';
import { fieldErrors } from '@patchbay/shared/schema/functions';
import { error, fail } from '@sveltejs/kit';
import { listGivenServers, readAgent, saveAgent } from '$lib/server/agents.ts';
import { problemWords } from '$lib/server/database.ts';
import { listServers } from '$lib/server/servers.ts';
import { signedIn } from '$lib/server/session.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  const { workspace } = await event.parent();
  const [agent, given, servers] = await Promise.all([
    readAgent(who, event.params.id),
    listGivenServers(who, event.params.id),
    listServers(who, workspace.id),
  ]);
  if (!agent) error(404, { message: 'This agent is not there.', hint: 'It may have been deleted.' });
  return { agent, given, servers: servers.map(({ id, name }) => ({ id, name })), voices: [...VOICES] };
};

export const actions: Actions = {
  default: async (event) => {
    const who = signedIn(event);
    const form = await event.request.formData();
    const typed = {
      name: String(form.get('name') ?? ''),
      system_prompt: String(form.get('system_prompt') ?? ''),
      greeting: String(form.get('greeting') ?? ''),
      voice_model: String(form.get('voice_model') ?? ''),
      temperature: Number(form.get('temperature')),
      all_servers: form.get('servers_mode') === 'all',
    };
    const chosen = form.getAll('servers').map(String);
    const parsed = AgentConfigPatch.safeParse(typed);
    if (!parsed.success) return fail(400, { typed, chosen, errors: fieldErrors(parsed.error) });
    const problem = await saveAgent(who, event.params.id, parsed.data, chosen);
    if (problem) return fail(409, { typed, chosen, message: problemWords(problem) });
    return { typed, chosen, isSaved: true };
  },
};
