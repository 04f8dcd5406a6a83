import { realtime } from '@livekit/agents-plugin-openai';
import type { ModelWatcher } from '../model-failure.ts';
import { closeSocketWorkaround } from './close-socket.ts';
import { cutCallsWorkaround } from './cut-calls.ts';
import { dialWorkaround } from './dial.ts';
import { emptyArgumentsWorkaround } from './empty-arguments.ts';
import { failedAnswersWorkaround } from './failed-answers.ts';
import { freshQueueWorkaround } from './fresh-queue.ts';
import { oneAnswerWorkaround } from './one-answer.ts';
import { outOfBandWorkaround } from './out-of-band.ts';
import { replayCallsWorkaround } from './replay-calls.ts';
import { sentEventsWorkaround } from './sent-events.ts';
import {
  type Workaround,
  type SessionInternals,
  type SessionPrototype,
  stateOf,
} from './session-internals.ts';
import { turnStartWorkaround } from './turn-start.ts';
import { unknownItemsWorkaround } from './unknown-items.ts';
import { truncationWorkaround } from './truncation.ts';

/** All workarounds, in the order in which they wrap each other. */
export const WORKAROUNDS = {
  dial: dialWorkaround,
  failedAnswers: failedAnswersWorkaround,
  freshQueue: freshQueueWorkaround,
  replayCalls: replayCallsWorkaround,
  oneAnswer: oneAnswerWorkaround,
  closeSocket: closeSocketWorkaround,
  emptyArguments: emptyArgumentsWorkaround,
  cutCalls: cutCallsWorkaround,
  sentEvents: sentEventsWorkaround,
  unknownItems: unknownItemsWorkaround,
  turnStart: turnStartWorkaround,
  truncation: truncationWorkaround,
  outOfBand: outOfBandWorkaround,
} as const satisfies Record<string, Workaround>;

export type RealtimeModelOptions = ConstructorParameters<typeof realtime.RealtimeModel>[0];

/**
 * The plugin's realtime model with the given workarounds in its sessions.
 * @param onSession called with each session that the model makes
 */
export function createPatchedModel(
  options: RealtimeModelOptions,
  onSession: (session: realtime.RealtimeSession) => void = () => {},
  workarounds: readonly Workaround[] = Object.values(WORKAROUNDS),
): realtime.RealtimeModel {
  class PatchedSession extends realtime.RealtimeSession {}
  // The methods are private in the plugin's types only.
  const prototype = PatchedSession.prototype as unknown as SessionPrototype;
  for (const workaround of workarounds) workaround(prototype);

  class PatchedModel extends realtime.RealtimeModel {
    override session(): realtime.RealtimeSession {
      const session = new PatchedSession(this);
      onSession(session);
      return session;
    }
  }
  return new PatchedModel(options);
}

/** Reports failures of the session's model to the watcher from now on. */
export function watchModel(session: realtime.RealtimeSession, watcher: ModelWatcher): void {
  stateOf(session as unknown as SessionInternals).watcher = watcher;
}
