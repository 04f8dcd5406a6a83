import { redirect } from '@sveltejs/kit';
import { actionFailure } from '$lib/server/action-failure.ts';
import { parseAgentForm } from '$lib/server/agents/agent-form.ts';
import { createAgent } from '$lib/server/agents/agents.ts';
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
    if (!parsed.ok) return actionFailure(parsed, { values });
    const saved = await createAgent(who, workspace.id, parsed.value, values.servers);
    if (!saved.ok) return actionFailure(saved, { values });
    redirect(303, '/agents');
  },
};
