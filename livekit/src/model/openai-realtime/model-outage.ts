/**
 * An outage of the model: it is dialed again for two minutes at most. A connection that ends soon belongs to the same
 * outage, as some servers accept every connection and close it at once. Pure.
 */
import { backoffMs } from '@patchbay/shared/engine/backoff';

/** Longer than most restarts and network changes. */
const GIVE_UP_AFTER_MS = 120_000;
/** A connection that lasted this long has worked. */
const STABLE_AFTER_MS = 30_000;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;

export class ModelOutage {
  #sinceMs: number | null = null;
  #failures = 0;

  /** A connection ended after `livedMs`. */
  disconnected(livedMs: number): void {
    if (livedMs >= STABLE_AFTER_MS) this.answered();
  }

  /** The model answered: the outage is over. */
  answered(): void {
    this.#sinceMs = null;
    this.#failures = 0;
  }

  /**
   * A connection ended or could not be made.
   * @param wasConnected the first dial after a connection that worked is made at once
   * @param retryAfterMs how long the model's server asks to wait
   * @returns how long to wait before the next dial, in ms; null when it is time to give up
   */
  failed(nowMs: number, wasConnected: boolean, retryAfterMs = 0): number | null {
    const isFirst = wasConnected && this.#failures === 0;
    this.#sinceMs ??= nowMs;
    const leftMs = this.#sinceMs + GIVE_UP_AFTER_MS - nowMs;
    if (leftMs <= 0) return null;
    const waitMs = isFirst ? 0 : backoffMs(this.#failures + 1, FIRST_WAIT_MS, LONGEST_WAIT_MS);
    this.#failures += 1;
    return Math.min(Math.max(waitMs, retryAfterMs), leftMs);
  }
}
