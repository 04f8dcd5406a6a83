/** What a stranger gave us takes more work than we allow for it. The message is a sentence fit for users. */
export class TooMuchWork extends Error {
  override readonly name = 'TooMuchWork';
}

/** How much work may still be done. */
export class WorkBudget {
  readonly #units: number;
  #left: number;
  readonly #message: string;

  /**
   * @param units of work, of whatever the caller counts
   * @param message of the error once they are used up, fit for users
   */
  constructor(units: number, message: string) {
    this.#units = units;
    this.#left = units;
    this.#message = message;
  }

  get spent(): number {
    return this.#units - this.#left;
  }

  /** @throws TooMuchWork when more than the budget was spent */
  spend(units = 1): void {
    this.#left -= units;
    if (this.#left < 0) throw new TooMuchWork(this.#message);
  }
}
