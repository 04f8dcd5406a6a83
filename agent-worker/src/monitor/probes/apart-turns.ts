/** How long an owner who was turned away keeps its place without asking again. */
const PLACE_KEPT_MS = 15_000;

/** Who may probe a server apart: one at a time. Owners who were turned away go first, in the order in which they came. */
export class ApartTurns {
  #isTaken = false;
  /** When each of them last asked; the order is that of the first time. */
  readonly #turnedAway = new Map<string, number>();

  /**
   * Takes the turn, which `release` ends.
   * @param nowMs only differences count
   * @returns false when it is not the owner's turn: it keeps a place, and asks again within 15 s
   */
  take(owner: string, nowMs: number): boolean {
    for (const [other, askedAtMs] of this.#turnedAway)
      if (nowMs - askedAtMs > PLACE_KEPT_MS) this.#turnedAway.delete(other);
    const [first = owner] = this.#turnedAway.keys();
    if (this.#isTaken || first !== owner) {
      this.#turnedAway.set(owner, nowMs);
      return false;
    }
    this.#turnedAway.delete(owner);
    this.#isTaken = true;
    return true;
  }

  release(): void {
    this.#isTaken = false;
  }
}
