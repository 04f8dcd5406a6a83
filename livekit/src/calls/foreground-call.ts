/**
 * A tool call as the user experiences it. At first it is in the foreground: the model waits for its result, and the
 * user hears fillers. A call that takes too long, that the user speaks over, or whose response already has the result
 * of another call, moves to the background, and its result follows in a later turn.
 */
import type { voice } from '@livekit/agents';
import { type Filler, fillerDue, updateAfterMs } from './fillers.ts';
import { siblingsIn } from './sibling-calls.ts';
import type { SpeechScheduler } from './speech-scheduler.ts';

/** How often a foreground call asks whether a filler is due. */
const POLL_MS = 50;

/** Why a call left the foreground; `overtaken`: another call of its response left first. */
export type ForegroundEnd = 'ended' | 'handoff' | 'interrupted' | 'overtaken';

export interface ForegroundCallOptions {
  scheduler: Pick<SpeechScheduler, 'isFree' | 'agentHeardAtMs' | 'hasSpoken' | 'voiceDelayMs' | 'say'>;
  usualMs: number | null;
  sentence: (filler: Filler) => string;
}

/** Says fillers until the call ends or leaves the foreground. The call must not reject. */
export async function runInForeground(
  call: Promise<unknown>,
  context: Pick<voice.RunContext, 'filler' | 'speechHandle'>,
  { scheduler, usualMs, sentence }: ForegroundCallOptions,
): Promise<ForegroundEnd> {
  const { speechHandle: response } = context;
  const startedAtMs = performance.now();
  const siblings = siblingsIn(response);
  const handoff = Promise.withResolvers<ForegroundEnd>();
  const ending = response
    .waitIfNotInterrupted([call])
    .then((): ForegroundEnd => (response.interrupted ? 'interrupted' : 'ended'));
  void ending.then(() => siblings.ended());
  let fillersGiven = 0;

  const filler = (): voice.SpeechHandle | null => {
    const nowMs = performance.now();
    const due = fillerDue({
      elapsedMs: nowMs - startedAtMs,
      silentMs: nowMs - Math.max(startedAtMs, scheduler.agentHeardAtMs),
      canSpeak: scheduler.isFree,
      voiceDelayMs: scheduler.voiceDelayMs,
      usualMs,
      fillersGiven,
      isAnnounced: scheduler.hasSpoken(response),
    });
    if (!due) return null;
    fillersGiven += 1;
    if (due === 'handoff') {
      siblings.handedOff();
      handoff.resolve('handoff');
    }
    return scheduler.say(sentence(due));
  };
  return context.filler(filler, { delay: POLL_MS, interval: 0 }, () =>
    Promise.race([ending, handoff.promise, siblings.overtaken().then((): ForegroundEnd => 'overtaken')]),
  );
}

/** Says in longer and longer pauses of the conversation that a background call still runs. */
export async function giveUpdates(
  call: Promise<unknown>,
  scheduler: Pick<SpeechScheduler, 'quietFor' | 'say'>,
  sentence: () => string,
): Promise<void> {
  const over = new AbortController();
  void call.then(() => over.abort());
  for (let given = 0; ; given += 1) {
    const isQuiet = await scheduler.quietFor(updateAfterMs(given), over.signal).then(
      () => true,
      () => false,
    );
    if (!isQuiet) return;
    scheduler.say(sentence());
  }
}
