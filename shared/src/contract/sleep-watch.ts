const TICK_MS = 1_000;

/**
 * Notices that this machine has slept: a timer that ticks every second comes much too late.
 * @param onWake called after the sleep, within a second
 * @param lateMs how late counts as sleep; more than a busy machine needs
 * @param now milliseconds since the epoch
 * @returns how to stop watching
 */
export function watchForSleep(onWake: () => void, lateMs: number, now: () => number = Date.now): () => void {
  let lastAt = now();
  const timer = setInterval(() => {
    const lateBy = now() - lastAt - TICK_MS;
    lastAt = now();
    if (lateBy > lateMs) onWake();
  }, TICK_MS);
  return () => clearInterval(timer);
}
