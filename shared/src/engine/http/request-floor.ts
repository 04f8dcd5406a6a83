/** Keeps requests of one kind apart, further and further while they go on coming, and forgets that after a calm. */
export interface RequestFloorOptions {
  /** The least time between two requests, in milliseconds. */
  firstMs: number;
  /** What it grows to, doubling. */
  longestMs: number;
  /** A request that comes so long after the last one begins anew; at least twice the present floor. */
  calmMs: number;
}

export class RequestFloor {
  readonly #options: RequestFloorOptions;
  #floorMs: number;
  #lastAtMs: number | null = null;

  constructor(options: RequestFloorOptions) {
    this.#options = options;
    this.#floorMs = options.firstMs;
  }

  /**
   * Plans the next request.
   * @param nowMs milliseconds of any clock
   * @returns how long it has to wait, in milliseconds; 0 when it may go at once
   */
  plan(nowMs: number): number {
    const { firstMs, longestMs, calmMs } = this.#options;
    const sinceMs = this.#lastAtMs === null ? Infinity : Math.max(0, nowMs - this.#lastAtMs);
    const isCalm = sinceMs >= Math.max(calmMs, 2 * this.#floorMs);
    if (isCalm) this.#floorMs = firstMs;
    const waitMs = Math.max(0, this.#floorMs - sinceMs);
    if (!isCalm) this.#floorMs = Math.min(2 * this.#floorMs, longestMs);
    this.#lastAtMs = nowMs + waitMs;
    return waitMs;
  }
}
