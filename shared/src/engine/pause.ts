import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits, or until the signal aborts; never rejects.
 * @param options.ref false: the wait alone does not keep the process running
 * @returns whether the time passed
 */
export async function pause(
  ms: number,
  signal: AbortSignal,
  { ref = true }: { ref?: boolean } = {},
): Promise<boolean> {
  return delay(ms, true, { signal, ref }).catch(() => false);
}
