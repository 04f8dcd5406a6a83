/**
 * What the agent says while a tool runs, and when. Pure: `held-call` looks at the clock and speaks.
 *
 *   call begins ── usually slow ──► announce ┐            silence        silence
 *        └──────── silence ───────► wait ────┴─────────► still ⟲ ──────► handover ─► the user may go on;
 *        ├──────── announced by the model, then 3 s of silence ────► still
 *        └──────── usually very slow ──────────────────────────────────► handover    updates, then the result
 */

/** Nobody waits longer than this without hearing anything, as long as the call holds the conversation. */
const SILENCE_LIMIT_MS = 1_500;
/** The same, when the model said by itself what it does: a filler right behind that would only repeat it. */
const ANNOUNCED_SILENCE_LIMIT_MS = 3_000;
/** A sentence falls silent a little before it counts as said, its first sound is soft, and the first of a process late. */
const MARGIN_MS = 450;
/** A tool that usually takes longer is announced early. */
const SLOW_MS = 1_500;
/** Words that the model said before its call are heard by then, so that nothing is announced twice. */
const ANNOUNCE_AFTER_MS = 150;
/** A call that takes longer gives the conversation back to the user. */
const VERY_SLOW_MS = 6_000;
/** Between updates on a call that no longer holds the conversation; each wait is twice the one before. */
const UPDATE_AFTER_MS = 15_000;
/** Recent calls that count, and the longest voice delay that is believed. */
const RECENT_CALLS = 5;
const DEFAULT_VOICE_DELAY_MS = 500;
const LONGEST_VOICE_DELAY_MS = 1_000;

/** What is said while a call holds the conversation. */
export type Sign = 'announce' | 'wait' | 'still' | 'handover';

/** Where a call stands; times in milliseconds. */
export interface Pace {
  elapsedMs: number;
  /** Since the agent was last heard, or since the call began. */
  silentMs: number;
  /** Neither the agent nor the user speaks, and nothing waits to be said. */
  isFloorFree: boolean;
  /** What this tool usually takes; null when it was not called before. */
  usualMs: number | null;
  signsGiven: number;
  /** The model spoke in the response that made the call, as in "let me look". */
  isAnnounced: boolean;
  /** From asking the model for words to hearing them. */
  voiceDelayMs: number;
}

/** What to say now; or how long to wait before the next look, when nothing else happens first. */
export type Step = { sign: Sign } | { waitMs: number };

/** The next sign of life for a call that holds the conversation. */
export function nextSign(pace: Pace): Step {
  const { elapsedMs, silentMs, isFloorFree, signsGiven, isAnnounced, voiceDelayMs } = pace;
  if (!isFloorFree) return { waitMs: SILENCE_LIMIT_MS };
  const usual = pace.usualMs ?? 0;
  const isVerySlow = Math.max(elapsedMs, usual) > VERY_SLOW_MS;
  const isFirst = signsGiven === 0;
  const isUnheard = isFirst && !isAnnounced && silentMs >= elapsedMs;
  if (isUnheard && usual > SLOW_MS) {
    if (elapsedMs < ANNOUNCE_AFTER_MS) return { waitMs: ANNOUNCE_AFTER_MS - elapsedMs };
    return { sign: isVerySlow ? 'handover' : 'announce' };
  }
  const limitMs = isFirst && isAnnounced && !isVerySlow ? ANNOUNCED_SILENCE_LIMIT_MS : SILENCE_LIMIT_MS;
  const dueMs = limitMs - MARGIN_MS - voiceDelayMs;
  if (silentMs < dueMs) return { waitMs: dueMs - silentMs };
  if (isVerySlow) return { sign: 'handover' };
  return { sign: isFirst && !isAnnounced ? 'wait' : 'still' };
}

/**
 * How long it has to be quiet before the next update on a call that runs behind the conversation.
 * @param updatesGiven since the handover
 */
export function updateAfterMs(updatesGiven: number): number {
  return UPDATE_AFTER_MS * 2 ** updatesGiven;
}

/** The middle one of the last few times, so that one odd call changes nothing; null when there is none. */
export function usualMs(times: readonly number[]): number | null {
  const recent = times.slice(-RECENT_CALLS).sort((a, b) => a - b);
  return recent[Math.floor(recent.length / 2)] ?? null;
}

/** What to expect of the next words, from the delays of the last ones: the worst of the recent. */
export function expectedVoiceDelayMs(delays: readonly number[]): number {
  if (delays.length === 0) return DEFAULT_VOICE_DELAY_MS;
  return Math.min(LONGEST_VOICE_DELAY_MS, Math.max(...delays.slice(-RECENT_CALLS)));
}
