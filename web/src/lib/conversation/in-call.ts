import { describeAnswerFailure } from '@patchbay/shared/contract/answer-failure';
import { describeEnd } from '@patchbay/shared/contract/end-reason';
import { endingNote, readActivity } from './activity.ts';
import { guardAgent } from './agent-monitor.ts';
import { askForDetails } from './call-details.ts';
import { FINAL_STATUSES, rejoinRoom } from './rejoin.ts';
import { closedRoomProblem, UNREACHABLE_ROOM } from './room-problems.ts';
import { hearRoom } from './room-events.ts';

/**
 * What a conversation needs once it has begun. The conversation is part of every page, so this is loaded with the first
 * one: no page may need more than 90 KiB to come alive (tests/support/browser/first-load.ts).
 */
export const inCall = {
  askForDetails,
  closedRoomProblem,
  describeAnswerFailure,
  describeEnd,
  endingNote,
  FINAL_STATUSES,
  guardAgent,
  hearRoom,
  readActivity,
  rejoinRoom,
  UNREACHABLE_ROOM,
};
