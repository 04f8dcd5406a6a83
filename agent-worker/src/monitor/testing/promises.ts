/** What docs/health.md promises, in whole seconds. Time in which no hand was free for a server is not part of it. */
import type { ErrorCode } from '@patchbay/shared/contract/errors';
import { PROBE_SCHEDULE } from '../probes/probe-schedule.ts';

/** The longest duration of one probe. */
export const SLOWEST_PROBE = 15;

const CONFIRM = PROBE_SCHEDULE.confirmMs / 1000;
const LIMITED = (1.5 * PROBE_SCHEDULE.limitedMs) / 1000;

/** No status is older: the longest interval, and at most three probes, two of which ask for another one. */
export const OLDEST_STATUS = PROBE_SCHEDULE.healthyLongestMs / 1000 + 3 * SLOWEST_PROBE + 2 * LIMITED;

export interface Case {
  code: ErrorCode;
  isWatched: boolean;
  /** It is flapping: one more probe decides. */
  isFlapping: boolean;
}

/** From the moment in which a server stopped working until it is shown. */
export function latestDown({ code, isWatched, isFlapping }: Case): number {
  const furtherLooks = isFlapping ? 2 : 1;
  return (
    (isWatched ? 75 : 360) +
    (isFlapping ? CONFIRM : 0) +
    (code === 'timeout' ? SLOWEST_PROBE * (furtherLooks + 1) : 0) +
    (code === 'rate_limited' ? LIMITED * furtherLooks : 0)
  );
}

/** From the moment in which a server works again until it is shown. */
export function latestBack({ code, isWatched, isFlapping }: Case): number {
  const second = isFlapping ? CONFIRM + SLOWEST_PROBE : 0;
  if (!isWatched) return PROBE_SCHEDULE.hopelessLongestMs / 1000 + SLOWEST_PROBE + second;
  if (code === 'unauthorized') return PROBE_SCHEDULE.hopelessWatchedMs / 1000 + SLOWEST_PROBE + second;
  return (code === 'rate_limited' ? LIMITED + SLOWEST_PROBE : 30) + second;
}
