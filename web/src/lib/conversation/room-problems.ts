import type { Problem } from './problems.ts';

export const UNREACHABLE_ROOM: Problem = {
  title: "Can't reach the voice server.",
  hint: 'Check your network and that LiveKit is running, then try again.',
};

/** Describes why LiveKit closed the room, by its reason's name; null if rejoining may help. */
export function closedRoomProblem(reason: string): Problem | null {
  switch (reason) {
    case 'DUPLICATE_IDENTITY':
      return {
        title: 'This conversation continues in another tab.',
        hint: 'You can start a new one here.',
      };
    case 'PARTICIPANT_REMOVED':
    case 'ROOM_DELETED':
    case 'ROOM_CLOSED':
      return { title: 'The conversation ended.', hint: 'You can start a new one at any time.' };
    default:
      return null;
  }
}
