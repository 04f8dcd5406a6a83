/**
 * Missing: turn detection and transcription of a live session can't be changed; `updateOptions` takes only a tool choice.
 * Upstream: docs/upstream/missing-options.md
 */
import { randomUUID } from 'node:crypto';
import type { realtime } from '@livekit/agents-plugin-openai';
import { z } from 'zod';
import type { Listening } from '../openai-realtime/model-settings.ts';
import type { SessionInternals } from './session-internals.ts';

const Rejection = z.object({ type: z.literal('error'), error: z.object({ event_id: z.string() }) });

/** Stops waiting for the response to the last change of a session. */
const waits = new WeakMap<realtime.RealtimeSession, () => void>();

/**
 * Changes how the model listens, now and on later connections of the session. A change that the model rejects is reverted,
 * so that the next connection isn't rejected too.
 */
export function changeListening(session: realtime.RealtimeSession, listening: Listening): void {
  // Private in the plugin's types only. Each connection starts with them.
  const options = (session as unknown as SessionInternals)._options;
  const { turnDetection, inputAudioTranscription, inputAudioNoiseReduction } = options;
  const before = { turnDetection, inputAudioTranscription, inputAudioNoiseReduction };
  const eventId = `listening_${randomUUID()}`;

  waits.get(session)?.();
  const onEvent = (event: unknown): void => {
    if (Rejection.safeParse(event).data?.error.event_id === eventId) Object.assign(options, before);
  };
  session.on('openai_server_event_received', onEvent);
  waits.set(session, () => session.off('openai_server_event_received', onEvent));

  Object.assign(options, listening);
  session.sendEvent({
    type: 'session.update',
    event_id: eventId,
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
