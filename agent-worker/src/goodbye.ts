import { setTimeout as delay } from 'node:timers/promises';
import type { voice } from '@livekit/agents';

const GOODBYE = 'I have to go now. Someone else will be with you in a moment.';
/** For the words to be made and spoken; a model that is away is not waited for longer. */
const GOODBYE_WITHIN_MS = 10_000;
/** For what is being said to end: its last act is to empty the sound that waits, which must not be ours. */
const SILENCE_WITHIN_MS = 2_000;

/**
 * Says goodbye, in the place of whatever is being said; returns when it was heard, or could not be said in time.
 * Never rejects.
 */
export async function sayGoodbye(
  session: Pick<voice.AgentSession, 'interrupt' | 'generateReply'>,
): Promise<void> {
  try {
    await silence(session);
    const goodbye = session.generateReply({
      instructions: `Say to the user, and nothing else: "${GOODBYE}"`,
      allowInterruptions: false,
    });
    await within(goodbye.waitForPlayout(), GOODBYE_WITHIN_MS);
  } catch {
    // The agent session has closed already: there is nobody to tell.
  }
}

/** A forced interruption says that it is over before it is, so it is the second choice. */
async function silence(session: Pick<voice.AgentSession, 'interrupt'>): Promise<void> {
  try {
    if (await within(session.interrupt().await, SILENCE_WITHIN_MS)) return;
  } catch {
    // What is being said does not let itself be interrupted.
  }
  session.interrupt({ force: true });
}

/** Whether it came in time. */
async function within(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  return Promise.race([work.then(() => true), delay(limitMs, false, { ref: false })]);
}
