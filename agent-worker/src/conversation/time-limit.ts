/** When a conversation ends because it has lasted as long as it may; the user is warned before. */

/** So long before the end, in ms. */
const WARN_AT_MS = [5 * 60_000, 60_000];
/** The end moves by as much as the answers of the database take; only a limit that was raised moves it further. */
const TOLERANCE_MS = 30_000;
/** A timer holds no more than that. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface TimeLimitOptions {
  /** @param leftMs until the end */
  onWarning: (leftMs: number) => void;
  onOver: () => void;
}

export class TimeLimit {
  readonly #options: TimeLimitOptions;
  #timer: NodeJS.Timeout | undefined;
  /** Monotonic, in ms. */
  #endsAtMs: number | null = null;
  /** The last warning said that so much was left, in ms. */
  #warnedAtMs = Number.POSITIVE_INFINITY;

  constructor(options: TimeLimitOptions) {
    this.#options = options;
  }

  /**
   * The conversation ends so long from now; a later call changes that. A limit that comes closer than the last warning
   * without one is warned of at once.
   * @param endsInMs null: it never ends
   */
  endIn(endsInMs: number | null): void {
    this.stop();
    if (endsInMs === null) return;
    this.#endsAtMs = performance.now() + endsInMs;
    if (endsInMs > this.#warnedAtMs + TOLERANCE_MS) this.#warnedAtMs = Number.POSITIVE_INFINITY;
    const wasWarned = Number.isFinite(this.#warnedAtMs);
    if (endsInMs > 0 && endsInMs <= Math.min(...WARN_AT_MS) && !wasWarned) this.#warn(endsInMs);
    this.#wait();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#endsAtMs = null;
  }

  #wait(): void {
    if (this.#endsAtMs === null) return;
    const leftMs = this.#endsAtMs - performance.now();
    const next = WARN_AT_MS.find((warnAtMs) => warnAtMs < leftMs && warnAtMs < this.#warnedAtMs) ?? 0;
    this.#timer = setTimeout(
      () => {
        if (leftMs - next > LONGEST_TIMER_MS) return this.#wait();
        if (next === 0) return this.#options.onOver();
        this.#warn(next);
        this.#wait();
      },
      Math.min(Math.max(0, leftMs - next), LONGEST_TIMER_MS),
    );
  }

  #warn(leftMs: number): void {
    this.#warnedAtMs = leftMs;
    this.#options.onWarning(leftMs);
  }
}
