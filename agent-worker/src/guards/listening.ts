/**
 * Missing in the plugin (1.9.0): turn detection and transcription of a live session can't be changed;
 * `updateOptions` takes a tool choice and nothing else.
 */
import { randomUUID } from 'node:crypto';
import type { realtime } from '@livekit/agents-plugin-openai';
import type { Listening } from '../model-settings.ts';
import type { SessionInternals } from './session-internals.ts';

/** Changes how the model listens, now and on every later connection of the session. */
export function changeListening(session: realtime.RealtimeSession, listening: Listening): void {
  // The options are private to the plugin's types, not to its objects. Each connection starts with them.
  Object.assign((session as unknown as SessionInternals)._options, listening);
  session.sendEvent({
    type: 'session.update',
    event_id: `listening_${randomUUID()}`,
    session: {
      type: 'realtime',
      audio: {
        input: {
          noise_reduction: listening.inputAudioNoiseReduction,
          transcription: listening.inputAudioTranscription,
          turn_detection: listening.turnDetection,
        },
      },
    },
  });
}
