/**
 * Fair turns in one queue: whoever has asked for little comes before whoever has asked for much, and each
 * keeps its own order. A turn is a number; the lowest comes next (start-time fair queueing).
 */
export class FairQueue {
  readonly #limit: number;
  /** The turn that began last. */
  #current = 0;
  #waiting = 0;
  readonly #callers = new Map<string, { last: number; waiting: number }>();

  /** @param limit how many may wait */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * The next turn of this caller; null when too many wait. A full queue still takes one of a caller
   * that has none in it, up to twice the limit: nobody is locked out by the greed of another.
   */
  take(caller: string): number | null {
    const own = this.#callers.get(caller) ?? { last: 0, waiting: 0 };
    const limit = own.waiting === 0 && this.#callers.size > 0 ? 2 * this.#limit : this.#limit;
    if (this.#waiting >= limit) return null;
    own.last = Math.max(this.#current, own.last) + 1;
    own.waiting += 1;
    this.#waiting += 1;
    this.#callers.set(caller, own);
    return own.last;
  }

  /** A turn begins. */
  begin(caller: string, turn: number): void {
    this.#current = Math.max(this.#current, turn);
    this.leave(caller);
  }

  /** A call waits no longer. */
  leave(caller: string): void {
    const own = this.#callers.get(caller);
    if (!own) return;
    own.waiting -= 1;
    this.#waiting -= 1;
    if (own.waiting === 0) this.#callers.delete(caller);
  }
}
