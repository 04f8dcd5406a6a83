/**
 * Tells whether a server is down or the monitor's own network is. Before a monitor believes that a host does not answer,
 * one of the reference hosts must answer. The operator chooses them (reference-hosts.ts): servers of tenants prove nothing,
 * since whoever owns enough of them could fake an outage by switching them off together.
 */

/** An answer, or silence, of the reference hosts stands for so long: many servers that fail ask them once. */
const ANSWER_STANDS_MS = 5_000;
const SILENCE_STANDS_MS = 2_000;

export interface NetworkOptions {
  /** Addresses of the operator's hosts; without any, a server that does not answer is always at fault. */
  referenceHosts: readonly string[];
  /** Whether anything answers at this address; never rejects. */
  reach: (url: string) => Promise<boolean>;
  /** Milliseconds; only differences count. */
  now: () => number;
  onChange: (isAway: boolean) => void;
}

export class Network {
  readonly #options: NetworkOptions;
  #asking: Promise<boolean> | null = null;
  #answeredAt = -Infinity;
  #silentAt = -Infinity;
  #awaySince: number | null = null;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** Since when no reference host answers, on the clock of `now`; null while one does. */
  get awaySince(): number | null {
    return this.#awaySince;
  }

  /**
   * Whether the network is there, so that a server that did not answer is itself at fault.
   * @param since when the attempt to reach the server began
   */
  async isHere(since: number): Promise<boolean> {
    const { referenceHosts, now } = this.#options;
    if (referenceHosts.length === 0 || this.#answeredAt >= since - ANSWER_STANDS_MS) return true;
    if (now() - this.#silentAt < SILENCE_STANDS_MS) return false;
    return this.#ask();
  }

  /** One question at a time: servers that fail together share its answer. */
  #ask(): Promise<boolean> {
    this.#asking ??= this.#askAll().finally(() => (this.#asking = null));
    return this.#asking;
  }

  async #askAll(): Promise<boolean> {
    const { referenceHosts, reach, now, onChange } = this.#options;
    const isHere = await anyOf(referenceHosts.map(reach));
    if (isHere) this.#answeredAt = now();
    else this.#silentAt = now();
    if (isHere !== (this.#awaySince === null)) {
      this.#awaySince = isHere ? null : now();
      onChange(!isHere);
    }
    return isHere;
  }
}

/** Whether one of them is true, as soon as one is. */
async function anyOf(answers: readonly Promise<boolean>[]): Promise<boolean> {
  const proofs = answers.map(async (answer) => {
    if (!(await answer)) throw new Error('No answer.');
    return true;
  });
  return Promise.any(proofs).catch(() => false);
}
