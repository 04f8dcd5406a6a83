const LONGEST_MS = 30_000;

/**
 * Returns the pause before a restart: the base after a first crash, doubled for each further one.
 * @param crashes consecutive crashes soon after a start
 */
export function nextRestartDelayMs(baseMs: number, crashes: number): number {
  return Math.max(baseMs, Math.min(LONGEST_MS, baseMs * 2 ** Math.max(0, crashes - 1)));
}
