/** How often servers are looked at, and how long what takes. All in milliseconds. */
export interface Pace {
  /** A healthy server, while somebody looks at its workspace or talks in it; and when nobody does, at first. */
  healthyMs: number;
  /** The longest that a healthy server is left alone when nobody looks. */
  healthyLongestMs: number;
  /** From a first failure, or a first success of a server that comes and goes, to the look that decides. */
  confirmMs: number;
  /** The ceiling of the first wait for a server that is down; it doubles with each failure. */
  downMs: number;
  /** Its highest value, while somebody looks. */
  downWatchedMs: number;
  downLongestMs: number;
  /** What only somebody's change can mend: a credential, an address. */
  hopelessWatchedMs: number;
  hopelessLongestMs: number;
  /** A server that asks for fewer requests is left alone at least so long. */
  limitedMs: number;
  /** After a failure of our own. */
  oursMs: number;
  /** A list of tools younger than this is not read again. */
  freshMs: number;
  /** How long a server that came and went must stay before it counts as back. */
  stableMs: number;
}

export const PACE: Pace = {
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
