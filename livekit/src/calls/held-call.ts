/**
 * A call as the people in the conversation live it. At first it holds the conversation: the model waits for
 * its result, and the user hears signs of life. A call that takes too long, that the user speaks over, or whose
 * response has the result of another call, moves to the background, and its result follows in a later turn.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { voice } from '@livekit/agents';
import type { Floor } from './floor.ts';
import { type Sign, nextSign, updateAfterMs } from './pacing.ts';
import { siblingsIn } from './sibling-calls.ts';

/** How a call stopped holding the conversation; `overtaken`: another call of its response let go before it. */
export type Release = 'ended' | 'handover' | 'interrupted' | 'overtaken';

export interface HeldCallOptions {
  floor: Pick<Floor, 'isFree' | 'agentHeardAtMs' | 'hasSpoken' | 'voiceDelayMs' | 'changed' | 'say'>;
  /** The response that made the call. */
  turn: voice.SpeechHandle;
  usualMs: number | null;
  sentence: (sign: Sign) => string;
}

/** Gives signs of life until the call ends or lets go of the conversation. The call must not reject. */
export async function holdConversation(call: Promise<unknown>, options: HeldCallOptions): Promise<Release> {
  const { floor, turn, usualMs, sentence } = options;
  const startedAtMs = performance.now();
  const siblings = siblingsIn(turn);
  const ending = turn
    .waitIfNotInterrupted([call])
    .then((): Release => (turn.interrupted ? 'interrupted' : 'ended'));
  void ending.then(() => siblings.ended());
  const release = Promise.race([ending, siblings.overtaken().then((): Release => 'overtaken')]);
  for (let signsGiven = 0; ;) {
    const nowMs = performance.now();
    const step = nextSign({
      elapsedMs: nowMs - startedAtMs,
      silentMs: nowMs - Math.max(startedAtMs, floor.agentHeardAtMs),
      isFloorFree: floor.isFree,
      voiceDelayMs: floor.voiceDelayMs,
      usualMs,
      signsGiven,
      isAnnounced: floor.hasSpoken(turn),
    });
    if ('sign' in step) {
      floor.say(sentence(step.sign));
      signsGiven += 1;
      if (step.sign !== 'handover') continue;
      siblings.handedOver();
      return 'handover';
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
