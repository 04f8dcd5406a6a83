const LONGEST_MS = 30_000;

/**
 * Pause before a crashed child is started again: the base after a first crash, doubled while it keeps crashing.
 * @param crashes how often in a row it crashed soon after its start
 */
export function nextRestartDelayMs(baseMs: number, crashes: number): number {
  return Math.max(baseMs, Math.min(LONGEST_MS, baseMs * 2 ** Math.max(0, crashes - 1)));
}
