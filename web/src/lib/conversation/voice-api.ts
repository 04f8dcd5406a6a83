import type { VoiceTokenAnswer } from '@patchbay/shared/contract/schema/functions';
import { requestProblem, type Problem } from './problems.ts';

export type Asked<T> = { ok: true; value: T } | { ok: false; status: number; problem: Problem };

/** Opens a conversation with an agent: the room and the key to it. */
export const askForRoom = (agentConfigId: string | undefined): Promise<Asked<VoiceTokenAnswer>> =>
  ask('/api/voice/token', { agent_config_id: agentConfigId });

/** Another key to the room of a conversation that is open. */
export const askToRejoin = (sessionId: string): Promise<Asked<VoiceTokenAnswer>> =>
  ask('/api/voice/token', { session_id: sessionId });

/** Asks for an agent in the room of a conversation. */
export const askForAgent = (sessionId: string): Promise<Asked<{ dispatched: boolean }>> =>
  ask('/api/voice/dispatch', { session_id: sessionId });

/** What the rehearsal model can hear right now. */
export async function fetchSentences(): Promise<string[]> {
  const response = await fetch('/api/sentences', { headers: { accept: 'application/json' } }).catch(
    () => null,
  );
  return response?.ok ? ((await response.json()) as string[]) : []; // Checked by our endpoint.
}

async function ask<T>(path: string, body: object): Promise<Asked<T>> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  }).catch(() => null);
  if (!response) {
    const problem = { title: 'Patchbay cannot be reached.', hint: 'Check your network and try again.' };
    return { ok: false, status: 0, problem };
  }
  const answer: unknown = await response.json().catch(() => ({}));
  if (response.ok) return { ok: true, value: answer as T }; // Checked by our endpoint.
  return {
    ok: false,
    status: response.status,
    problem: requestProblem(response.status, answer as { message?: string; hint?: string }),
  };
}
