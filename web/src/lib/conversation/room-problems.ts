import type { Problem } from './problems.ts';

export const UNREACHABLE_ROOM: Problem = {
  title: 'The voice server cannot be reached.',
  hint: 'Check your network and that LiveKit is running, then start again.',
};

/** Describes why LiveKit closed the room, by its reason's name; null if rejoining may help. */
export function closedRoomProblem(reason: string): Problem | null {
  switch (reason) {
    case 'DUPLICATE_IDENTITY':
      return {
        title: 'This conversation goes on in another tab.',
        hint: 'Start a new one here if you like.',
      };
    case 'PARTICIPANT_REMOVED':
    case 'ROOM_DELETED':
    case 'ROOM_CLOSED':
      return { title: 'The conversation was ended.', hint: 'Start a new one at any time.' };
    default:
      return null;
  }
}
