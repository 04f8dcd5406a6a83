import type { CallDetails } from '@patchbay/shared/contract/schema/activity';
import type { Room } from 'livekit-client';

// The name of shared/schema/activity, whose module would bring all of zod into the page.
const METHOD = 'patchbay.call_details';

/** Asks the agent what a finished call was given and what it said; null when it does not know, or is gone. */
export async function askForDetails(room: Room, callId: string): Promise<CallDetails | null> {
  const agent = [...room.remoteParticipants.values()].find((participant) => participant.isAgent);
  if (!agent) return null;
  const answer = await room.localParticipant
    .performRpc({ destinationIdentity: agent.identity, method: METHOD, payload: callId })
    .catch(() => 'null');
  return readDetails(answer);
}

/** Reads the agent's answer; null for anything that is none. */
export function readDetails(answer: string): CallDetails | null {
  let value: unknown;
  try {
    value = JSON.parse(answer);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('result' in value)) return null;
  const { result } = value;
  const args = 'arguments' in value ? value.arguments : null;
  if (typeof result !== 'string') return null;
  return {
    arguments: args,
    result,
    ...('for_user' in value && value.for_user === true && { for_user: true }),
  };
}
