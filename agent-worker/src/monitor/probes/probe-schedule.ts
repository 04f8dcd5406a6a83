/** How often servers are probed, and related durations; all in milliseconds. */
export interface ProbeSchedule {
  /** A healthy server of a watched workspace; also the first interval when nobody watches. */
  healthyMs: number;
  /** The longest interval for a healthy server that nobody watches. */
  healthyLongestMs: number;
  /** From a first failure, or a flapping server's first success, to the probe that confirms it. */
  confirmMs: number;
  /** The ceiling of the first wait for a server that is down; it doubles with each failure. */
  downMs: number;
  /** Its highest value while the workspace is watched. */
  downWatchedMs: number;
  downLongestMs: number;
  /** What only a user can fix: a credential, an address. */
  hopelessWatchedMs: number;
  hopelessLongestMs: number;
  /** The shortest interval for a server that limits requests. */
  limitedMs: number;
  /** After a failure of our own. */
  oursMs: number;
  /** A list of tools younger than this is not read again. */
  freshMs: number;
  /** How long a server that came and went must stay before it counts as back. */
  stableMs: number;
}

export const PROBE_SCHEDULE: ProbeSchedule = {
  healthyMs: 60_000,
  healthyLongestMs: 300_000,
  confirmMs: 4_000,
  downMs: 5_000,
  downWatchedMs: 20_000,
  downLongestMs: 300_000,
  hopelessWatchedMs: 60_000,
  hopelessLongestMs: 300_000,
  limitedMs: 60_000,
  oursMs: 10_000,
  freshMs: 240_000,
  stableMs: 300_000,
};
