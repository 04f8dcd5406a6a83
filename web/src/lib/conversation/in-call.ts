import { describeAnswerFailure } from '@patchbay/shared/contract/answer-failure';
import { describeEnd } from '@patchbay/shared/contract/end-reason';
import { endingNote, readActivity } from './activity.ts';
import { monitorAgent } from './agent-monitor.ts';
import { requestDetails } from './call-details.ts';
import { FINAL_STATUSES, rejoinRoom } from './rejoin.ts';
import { closedRoomProblem, UNREACHABLE_ROOM } from './room-problems.ts';
import { listenToRoom } from './room-events.ts';

/**
 * What a running conversation needs. Every page includes the conversation, so this part loads with the first call: a
 * page may need at most 90 KiB (tests/browser/first-load.ts).
 */
export const inCall = {
  requestDetails,
  closedRoomProblem,
  describeAnswerFailure,
  describeEnd,
  endingNote,
  FINAL_STATUSES,
  monitorAgent,
  listenToRoom,
  readActivity,
  rejoinRoom,
  UNREACHABLE_ROOM,
};
