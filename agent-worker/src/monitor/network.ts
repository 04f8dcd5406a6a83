/**
 * Tells a server that is down from a network that is away. Before a monitor believes that it cannot reach a
 * host, it wants a proof that it can reach others: one that answered since, or one of those that did lately.
 */
const WITNESSES_ASKED = 4;
/** Fewer other hosts say nothing about the network. */
const FEWEST_WITNESSES = 2;
const WITNESS_LASTS_MS = 10 * 60_000;
const MOST_WITNESSES = 50;
/** After that the other hosts are believed to be down, too. */
const LONGEST_ABSENCE_MS = 10 * 60_000;

export interface NetworkOptions {
  /** Whether anything answers at this address. */
  reach: (url: string) => Promise<boolean>;
  /** Milliseconds; only differences count. */
  now: () => number;
  onChange: (isAway: boolean) => void;
}

export class Network {
  readonly #options: NetworkOptions;
  /** The hosts that answered lately, the latest last. */
  readonly #witnesses = new Map<string, { url: string; at: number }>();
  #asking: Promise<boolean> | null = null;
  #awaySince: number | null = null;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  get isAway(): boolean {
    return this.#awaySince !== null;
  }

  /** Something answered at this address, well or not. */
  noteAnswer(url: string): void {
    const host = hostOf(url);
    this.#witnesses.delete(host);
    this.#witnesses.set(host, { url, at: this.#options.now() });
    const [oldest] = this.#witnesses.keys();
    if (oldest !== undefined && this.#witnesses.size > MOST_WITNESSES) this.#witnesses.delete(oldest);
    this.#set(false);
  }

  /** Whether that nothing answers at an address is the fault of its host. @param since when the attempt began */
  async isHostToBlame(url: string, since: number): Promise<boolean> {
    const others = this.#others(hostOf(url));
    if (others.length < FEWEST_WITNESSES || others.some(({ at }) => at >= since)) return true;
    return this.#ask(others.slice(-WITNESSES_ASKED));
  }

  /** While the network is away: looks whether it is back. */
  async lookAgain(): Promise<void> {
    const { now } = this.#options;
    if (this.#awaySince !== null && now() - this.#awaySince > LONGEST_ABSENCE_MS) {
      this.#witnesses.clear();
      this.#set(false);
      return;
    }
    await this.#ask([...this.#witnesses.values()]);
  }

  #others(host: string): { url: string; at: number }[] {
    const oldest = this.#options.now() - WITNESS_LASTS_MS;
    return [...this.#witnesses].flatMap(([name, witness]) =>
      name !== host && (witness.at >= oldest || this.isAway) ? [witness] : [],
    );
  }

  /** One question at a time: servers that fail together share its answer. */
  #ask(witnesses: { url: string }[]): Promise<boolean> {
    this.#asking ??= this.#askAll(witnesses).finally(() => (this.#asking = null));
    return this.#asking;
  }

  async #askAll(witnesses: { url: string }[]): Promise<boolean> {
    const answers = await Promise.all(
      witnesses.map(async ({ url }) => {
        const isReached = await this.#options.reach(url);
        if (isReached) this.noteAnswer(url);
        return isReached;
      }),
    );
    const isHere = answers.includes(true);
    this.#set(!isHere);
    return isHere;
  }

  #set(isAway: boolean): void {
    if (isAway === this.isAway) return;
    this.#awaySince = isAway ? this.#options.now() : null;
    this.#options.onChange(isAway);
  }
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : url;
}
