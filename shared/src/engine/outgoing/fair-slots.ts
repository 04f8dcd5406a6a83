/**
 * Slots that owners share. An owner may take another slot only while it holds fewer than are free, so one owner
 * gets at most half of them, two a third each, and one slot is left for whoever comes next (the dynamic thresholds
 * of Choudhury and Hahne, 1998). No owner has to be known beforehand, and no share has to be set.
 */
export class FairSlots {
  readonly size: number;
  readonly #held = new Map<string, number>();
  #taken = 0;

  /** @param size at least 1 */
  constructor(size: number) {
    this.size = size;
  }

  get taken(): number {
    return this.#taken;
  }

  /** How many slots each owner holds. */
  get held(): ReadonlyMap<string, number> {
    return this.#held;
  }

  hasRoomFor(owner: string): boolean {
    return (this.#held.get(owner) ?? 0) < this.size - this.#taken;
  }

  /** Takes a slot whether or not there is room: ask `hasRoomFor` first. */
  take(owner: string): void {
    this.#held.set(owner, (this.#held.get(owner) ?? 0) + 1);
    this.#taken += 1;
  }

  release(owner: string): void {
    const left = (this.#held.get(owner) ?? 0) - 1;
    if (left > 0) this.#held.set(owner, left);
    else this.#held.delete(owner);
    this.#taken -= 1;
  }
}
