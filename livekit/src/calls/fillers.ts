/**
 * Which filler the agent says while a tool runs, and when. Pure: `foreground-call` asks again and again, and speaks.
 *
 *   call begins ── usually slow ──► announce ┐            silence        silence
 *        └──────── silence ───────► wait ────┴─────────► still ⟲ ──────► handoff ─► the user may go on;
 *        ├──────── announced by the model, then 3 s of silence ────► still
 *        └──────── usually very slow ──────────────────────────────────► handoff    updates, then the result
 */

/** The longest silence while a call is in the foreground. */
const SILENCE_LIMIT_MS = 1_500;
/** The same after the model announced its call: a filler right behind that would only repeat it. */
const ANNOUNCED_SILENCE_LIMIT_MS = 3_000;
/** A sentence falls silent a little before it counts as said, its first sound is soft, and the first of a process late. */
const MARGIN_MS = 450;
/** A tool that usually takes longer is announced early. */
const SLOW_MS = 1_500;
/** The model's own preamble is heard by then, so nothing is announced twice. */
const ANNOUNCE_AFTER_MS = 150;
/** A call that takes longer moves to the background. */
const VERY_SLOW_MS = 6_000;
/** Before the first update on a background call; each later wait is twice the one before. */
const UPDATE_AFTER_MS = 15_000;
/** How many recent calls count. */
const RECENT_CALLS = 5;
const DEFAULT_VOICE_DELAY_MS = 500;
const LONGEST_VOICE_DELAY_MS = 1_000;

export type Filler = 'announce' | 'wait' | 'still' | 'handoff';

export interface Pace {
  elapsedMs: number;
  /** Since the agent was last heard, or since the call began. */
  silentMs: number;
  /** Neither the agent nor the user speaks, and nothing waits to be said. */
  canSpeak: boolean;
  /** What this tool usually takes; null before its first call. */
  usualMs: number | null;
  fillersGiven: number;
  /** The model spoke in the response that made the call, as in "let me look". */
  isAnnounced: boolean;
  /** From asking the model for a sentence to hearing it. */
  voiceDelayMs: number;
}

/** The filler to say now; null while none is due. */
export function fillerDue(pace: Pace): Filler | null {
  const { elapsedMs, silentMs, canSpeak, fillersGiven, isAnnounced, voiceDelayMs } = pace;
  if (!canSpeak) return null;
  const usual = pace.usualMs ?? 0;
  const isVerySlow = Math.max(elapsedMs, usual) > VERY_SLOW_MS;
  const isFirst = fillersGiven === 0;
  const isUnheard = isFirst && !isAnnounced && silentMs >= elapsedMs;
  if (isUnheard && usual > SLOW_MS) {
    if (elapsedMs < ANNOUNCE_AFTER_MS) return null;
    return isVerySlow ? 'handoff' : 'announce';
  }
  const limitMs = isFirst && isAnnounced && !isVerySlow ? ANNOUNCED_SILENCE_LIMIT_MS : SILENCE_LIMIT_MS;
  if (silentMs < limitMs - MARGIN_MS - voiceDelayMs) return null;
  if (isVerySlow) return 'handoff';
  return isFirst && !isAnnounced ? 'wait' : 'still';
}

/**
 * How long it has to be quiet before the next update on a background call, in ms.
 * @param updatesGiven since the handoff
 */
export function updateAfterMs(updatesGiven: number): number {
  return UPDATE_AFTER_MS * 2 ** updatesGiven;
}

/** The median of the last few times, so that one odd call changes nothing; null when there is none. */
export function usualMs(times: readonly number[]): number | null {
  const recent = times.slice(-RECENT_CALLS).sort((a, b) => a - b);
  return recent[Math.floor(recent.length / 2)] ?? null;
}

/** The delay to expect of the next sentence: the worst of the last few. */
export function expectedVoiceDelayMs(delays: readonly number[]): number {
  if (delays.length === 0) return DEFAULT_VOICE_DELAY_MS;
  return Math.min(LONGEST_VOICE_DELAY_MS, Math.max(...delays.slice(-RECENT_CALLS)));
}
