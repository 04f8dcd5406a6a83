/**
 * A call as the people in the conversation live it. At first it holds the conversation: the model waits for
 * its result, and the user hears signs of life. A call that takes too long, or that the user speaks over, lets
 * go of it: it runs on behind the conversation, and its result is told in a later turn.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { voice } from '@livekit/agents';
import type { Floor } from './floor.ts';
import { type Sign, nextSign, updateAfterMs } from './pacing.ts';

/** How a call stopped holding the conversation. */
export type Release = 'ended' | 'handover' | 'interrupted';

export interface HeldCallOptions {
  floor: Pick<Floor, 'isFree' | 'agentHeardAtMs' | 'voiceDelayMs' | 'changed' | 'say'>;
  /** The turn that the call belongs to. */
  turn: Pick<voice.SpeechHandle, 'interrupted' | 'waitIfNotInterrupted'>;
  usualMs: number | null;
  sentence: (sign: Sign) => string;
}

/** Gives signs of life until the call ends or lets go of the conversation. The call must not reject. */
export async function holdConversation(call: Promise<unknown>, options: HeldCallOptions): Promise<Release> {
  const { floor, turn, usualMs, sentence } = options;
  const startedAtMs = performance.now();
  const release = turn
    .waitIfNotInterrupted([call])
    .then((): Release => (turn.interrupted ? 'interrupted' : 'ended'));
  for (let signsGiven = 0; ;) {
    const nowMs = performance.now();
    const step = nextSign({
      elapsedMs: nowMs - startedAtMs,
      silentMs: nowMs - Math.max(startedAtMs, floor.agentHeardAtMs),
      isFloorFree: floor.isFree,
      voiceDelayMs: floor.voiceDelayMs,
      usualMs,
      signsGiven,
    });
    if ('sign' in step) {
      floor.say(sentence(step.sign));
      signsGiven += 1;
      if (step.sign === 'handover') return 'handover';
      continue;
    }
    const look = new AbortController();
    const timer = delay(step.waitMs, null, { signal: look.signal }).catch(() => null);
    const released = await Promise.race([release, timer, floor.changed().then(() => null)]);
    look.abort();
    if (released) return released;
  }
}

/** Tells now and then, in longer and longer pauses of the conversation, that the call still runs. */
export async function giveUpdates(
  call: Promise<unknown>,
  floor: Pick<Floor, 'quietFor' | 'say'>,
  sentence: () => string,
): Promise<void> {
  const over = new AbortController();
  void call.then(() => over.abort());
  for (let given = 0; ; given += 1) {
    const isQuiet = await floor.quietFor(updateAfterMs(given), over.signal).then(
      () => true,
      () => false,
    );
    if (!isQuiet) return;
    floor.say(sentence());
  }
}
