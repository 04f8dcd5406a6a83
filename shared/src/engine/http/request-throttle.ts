/** Keeps requests of one kind apart, further and further while they go on coming, and forgets that after a calm. */
export interface RequestThrottleOptions {
  /** The least time between two requests, in milliseconds. */
  firstMs: number;
  /** What it grows to, doubling. */
  longestMs: number;
  /** A request that comes so long after the last one begins anew; at least twice the current interval. */
  calmMs: number;
}

export class RequestThrottle {
  readonly #options: RequestThrottleOptions;
  #intervalMs: number;
  #lastAtMs: number | null = null;

  constructor(options: RequestThrottleOptions) {
    this.#options = options;
    this.#intervalMs = options.firstMs;
  }

  /**
   * Plans the next request.
   * @param nowMs milliseconds of any clock
   * @returns how long it has to wait, in milliseconds; 0 when it may go at once
   */
  plan(nowMs: number): number {
    const { firstMs, longestMs, calmMs } = this.#options;
    const sinceMs = this.#lastAtMs === null ? Infinity : Math.max(0, nowMs - this.#lastAtMs);
    const isCalm = sinceMs >= Math.max(calmMs, 2 * this.#intervalMs);
    if (isCalm) this.#intervalMs = firstMs;
    const waitMs = Math.max(0, this.#intervalMs - sinceMs);
    if (!isCalm) this.#intervalMs = Math.min(2 * this.#intervalMs, longestMs);
    this.#lastAtMs = nowMs + waitMs;
    return waitMs;
  }
}
