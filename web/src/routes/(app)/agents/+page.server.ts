import { actionFailure } from '$lib/server/action-failure.ts';
import { duplicateAgent, listAgents, makeDefault } from '$lib/server/agents/agents.ts';
import type { Result } from '$lib/server/result.ts';
import { signedIn, type SignedIn } from '$lib/server/auth/session.ts';
import type { Actions, PageServerLoad, RequestEvent } from './$types';

const SHOWN_PROMPT = 200;

export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  const { workspace } = await event.parent();
  const agents = await listAgents(who, workspace.id);
  return {
    agents: agents.map((agent) => ({
      id: agent.id,
      name: agent.name,
      voice: agent.voice_model,
      model: agent.model,
      isDefault: agent.is_default,
      hasAll: agent.all_servers,
      prompt: agent.system_prompt.slice(0, SHOWN_PROMPT),
    })),
  };
};

const onAgent = (act: (who: SignedIn, id: string) => Promise<Result>) => async (event: RequestEvent) => {
  const who = signedIn(event);
  const form = await event.request.formData();
  const result = await act(who, String(form.get('id')));
  return result.ok ? null : actionFailure(result);
};

export const actions: Actions = { duplicate: onAgent(duplicateAgent), choose: onAgent(makeDefault) };
