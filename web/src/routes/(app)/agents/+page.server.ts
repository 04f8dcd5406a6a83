import { listAgents } from '$lib/server/agents.ts';
import { signedIn } from '$lib/server/session.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  const { workspace } = await event.parent();
  const agents = await listAgents(who, workspace.id);
  return {
    agents: agents.map(({ id, name, voice_model: voice, is_default: isDefault, all_servers: hasAll }) => ({
      id,
      name,
      voice,
      isDefault,
      hasAll,
    })),
  };
};
