import { realtime } from '@livekit/agents-plugin-openai';
import { guardCloseSocket } from './close-socket.ts';
import { guardCutCalls } from './cut-calls.ts';
import { guardDial } from './dial.ts';
import { guardEmptyArguments } from './empty-arguments.ts';
import { guardFailedAnswers } from './failed-answers.ts';
import { guardFreshQueue } from './fresh-queue.ts';
import { guardOneAnswer } from './one-answer.ts';
import { guardOutOfBand } from './out-of-band.ts';
import { guardReplayCalls } from './replay-calls.ts';
import { guardSentEvents } from './sent-events.ts';
import {
  type Guard,
  type ModelWatcher,
  type SessionInternals,
  type SessionPrototype,
  stateOf,
} from './session-internals.ts';
import { guardTurnStart } from './turn-start.ts';
import { guardUnknownItems } from './unknown-items.ts';
import { guardTruncation } from './truncation.ts';

/** All repairs, in the order in which they wrap each other. */
export const GUARDS = {
  dial: guardDial,
  failedAnswers: guardFailedAnswers,
  freshQueue: guardFreshQueue,
  replayCalls: guardReplayCalls,
  oneAnswer: guardOneAnswer,
  closeSocket: guardCloseSocket,
  emptyArguments: guardEmptyArguments,
  cutCalls: guardCutCalls,
  sentEvents: guardSentEvents,
  unknownItems: guardUnknownItems,
  turnStart: guardTurnStart,
  truncation: guardTruncation,
  outOfBand: guardOutOfBand,
} as const satisfies Record<string, Guard>;

export type RealtimeModelOptions = ConstructorParameters<typeof realtime.RealtimeModel>[0];

/**
 * The plugin's realtime model, whose sessions have the given repairs.
 * @param onSession called with each session that the model makes
 */
export function createGuardedModel(
  options: RealtimeModelOptions,
  onSession: (session: realtime.RealtimeSession) => void = () => {},
  guards: readonly Guard[] = Object.values(GUARDS),
): realtime.RealtimeModel {
  class GuardedSession extends realtime.RealtimeSession {}
  // The methods are private to the plugin's types, not to its objects.
  const prototype = GuardedSession.prototype as unknown as SessionPrototype;
  for (const guard of guards) guard(prototype);

  class GuardedModel extends realtime.RealtimeModel {
    override session(): realtime.RealtimeSession {
      const session = new GuardedSession(this);
      onSession(session);
      return session;
    }
  }
  return new GuardedModel(options);
}

/** From now on the watcher hears how the model of this session is. */
export function watchModel(session: realtime.RealtimeSession, watcher: ModelWatcher): void {
  stateOf(session as unknown as SessionInternals).watcher = watcher;
}
