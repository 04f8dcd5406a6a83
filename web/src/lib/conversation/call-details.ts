import type { CallDetails } from '@patchbay/shared/contract/schema/activity';
import type { Room } from 'livekit-client';

// As in the contract's schema/activity, whose module would add zod to the page.
const METHOD = 'patchbay.call_details';

/**
 * Asks the agent for the arguments and result of a finished call; null if the agent does not know them or is offline.
 */
export async function requestDetails(room: Room, callId: string): Promise<CallDetails | null> {
  const agent = [...room.remoteParticipants.values()].find((participant) => participant.isAgent);
  if (!agent) return null;
  const answer = await room.localParticipant
    .performRpc({ destinationIdentity: agent.identity, method: METHOD, payload: callId })
    .catch(() => 'null');
  return readDetails(answer);
}

/** Parses the agent's answer; null if it is invalid. */
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
