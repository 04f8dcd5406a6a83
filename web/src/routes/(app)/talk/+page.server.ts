import { listAgents } from '$lib/server/agents/agents.ts';
import { listServers } from '$lib/server/servers/servers.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import { settings } from '$lib/server/settings.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  const { workspace } = await event.parent();
  const [agents, servers] = await Promise.all([
    listAgents(who, workspace.id),
    listServers(who, workspace.id),
  ]);
  return {
    agents: agents.map(({ id, name, is_default: isDefault }) => ({ id, name, isDefault })),
    servers,
    voiceUnavailable: settings().voiceUnavailable ?? null,
  };
};
