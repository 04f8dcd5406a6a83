/**
 * What a conversation needs once it has begun. The conversation is part of every page, so this is loaded with the first
 * one: no page may need more than 90 KiB to come alive (local/e2e/first-load.ts).
 */
export { describeAnswerFailure } from '@patchbay/shared/answer-failure';
export { describeEnd } from '@patchbay/shared/end-reason';
export { idleNote, readActivity } from './activity.ts';
export { guardAgent } from './agent-guard.ts';
export { askForDetails } from './call-details.ts';
export { FINAL_STATUSES, rejoinRoom } from './rejoin.ts';
export { hearRoom } from './room-events.ts';
