import { fail } from '@sveltejs/kit';
import { agentProblemWords, duplicateAgent, listAgents, makeDefault } from '$lib/server/agents.ts';
import type { WriteProblem } from '$lib/server/database.ts';
import { signedIn, type SignedIn } from '$lib/server/session.ts';
import type { Actions, PageServerLoad, RequestEvent } from './$types';

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

/** An action of a row, on the agent of the form's `id`. */
const onAgent =
  (act: (who: SignedIn, id: string) => Promise<WriteProblem | null>) => async (event: RequestEvent) => {
    const who = signedIn(event);
    const form = await event.request.formData();
    const problem = await act(who, String(form.get('id')));
    return problem ? fail(409, { message: agentProblemWords(problem) }) : null;
  };

export const actions: Actions = { duplicate: onAgent(duplicateAgent), choose: onAgent(makeDefault) };
