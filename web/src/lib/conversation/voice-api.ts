import type { VoiceTokenAnswer } from '@patchbay/shared/contract/schema/functions';
import { requestProblem, type Problem } from './problems.ts';

export type ApiResult<T> = { ok: true; value: T } | { ok: false; status: number; problem: Problem };

/** Opens a conversation and returns its room and token. */
export const requestRoom = (agentConfigId: string | undefined): Promise<ApiResult<VoiceTokenAnswer>> =>
  ask('/api/voice/token', { agent_config_id: agentConfigId });

/** Requests another token for a running conversation. */
export const requestRejoin = (sessionId: string): Promise<ApiResult<VoiceTokenAnswer>> =>
  ask('/api/voice/token', { session_id: sessionId });

/** Dispatches an agent to a conversation's room. */
export const requestAgent = (sessionId: string): Promise<ApiResult<{ dispatched: boolean }>> =>
  ask('/api/voice/dispatch', { session_id: sessionId });

/** Example sentences that the rehearsal model understands. */
export async function fetchSentences(): Promise<string[]> {
  const response = await fetch('/api/sentences', { headers: { accept: 'application/json' } }).catch(
    () => null,
  );
  return response?.ok ? ((await response.json()) as string[]) : []; // Checked by our endpoint.
}

async function ask<T>(path: string, body: object): Promise<ApiResult<T>> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  }).catch(() => null);
  if (!response) {
    const problem = { title: "Can't reach Patchbay.", hint: 'Check your network and try again.' };
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
