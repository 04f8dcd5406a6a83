import { setTimeout as delay } from 'node:timers/promises';
import type { voice } from '@livekit/agents';
import { utter } from '@patchbay/livekit/calls/utterance';

const GOODBYE = 'I have to go now. Another agent will join you in a moment.';
/** For the words to be made and spoken; a model that is away is not waited for longer. */
const GOODBYE_WITHIN_MS = 10_000;
/**
 * A forced interruption says that it is over before it is: its last act is to empty the sound and the text that wait,
 * which must not be those of the goodbye.
 */
const SILENCE_MS = 500;

/**
 * Says goodbye, in the place of whatever is being said; returns when it was heard, or could not be said in time.
 * Never rejects.
 */
export async function sayGoodbye(
  session: Pick<voice.AgentSession, 'interrupt' | 'generateReply' | 'history' | 'currentAgent'>,
): Promise<void> {
  try {
    session.interrupt({ force: true });
    await delay(SILENCE_MS);
    const goodbye = utter(session, GOODBYE);
    await Promise.race([goodbye.waitForPlayout(), delay(GOODBYE_WITHIN_MS, undefined, { ref: false })]);
  } catch {
    // The agent session has closed already: there is nobody to tell.
  }
}
