import { setTimeout as delay } from 'node:timers/promises';
import type { VoiceModel } from '@patchbay/livekit/model/voice-model';

const GOODBYE = 'I have to go now. Another agent will join you in a moment.';
/** Time to generate and speak it; an unreachable model is not waited for longer. */
const GOODBYE_WITHIN_MS = 10_000;
/** A forced interruption resolves before it has cleared the queued audio and text, which would take the goodbye too. */
const SILENCE_MS = 500;

/** Interrupts the agent and says goodbye; returns when it was heard, or after ten seconds. Never rejects. */
export async function sayGoodbye(model: Pick<VoiceModel, 'session' | 'say'>): Promise<void> {
  try {
    model.session.interrupt({ force: true });
    await delay(SILENCE_MS);
    const goodbye = model.say(GOODBYE);
    await Promise.race([goodbye.waitForPlayout(), delay(GOODBYE_WITHIN_MS, undefined, { ref: false })]);
  } catch {
    // The agent session has already closed.
  }
}
