/** How long a waiting owner keeps its place without asking again. */
const PLACE_KEPT_MS = 15_000;

/** Admits one isolated probe at a time. Waiting owners go first, in order of arrival. */
export class IsolationTurns {
  #isTaken = false;
  /** When each of them last asked; the order is that of the first time. */
  readonly #waiting = new Map<string, number>();

  /**
   * Takes the turn, which `release` ends.
   * @param nowMs only differences count
   * @returns false when it is not the owner's turn: it keeps a place, and asks again within 15 s
   */
  take(owner: string, nowMs: number): boolean {
    for (const [other, askedAtMs] of this.#waiting)
      if (nowMs - askedAtMs > PLACE_KEPT_MS) this.#waiting.delete(other);
    const [first = owner] = this.#waiting.keys();
    if (this.#isTaken || first !== owner) {
      this.#waiting.set(owner, nowMs);
      return false;
    }
    this.#waiting.delete(owner);
    this.#isTaken = true;
    return true;
  }

  release(): void {
    this.#isTaken = false;
  }
}
