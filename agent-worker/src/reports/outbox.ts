import { backoffMs } from '@patchbay/shared/engine/backoff';
import { pause } from '@patchbay/shared/engine/pause';

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

export interface OutboxOptions<Item> {
  /** Sends a batch; throws when it did not arrive. */
  send: (batch: Item[]) => Promise<void>;
  /** Whether an error of `send` may pass by itself; what cannot is dropped. */
  isRetryable: (error: unknown) => boolean;
  onDropped: (items: readonly Item[], error: unknown) => void;
  /** Items of the same key replace each other while they wait; without it all are kept in order. */
  keyOf?: (item: Item) => string;
  /** Items that may wait; above it the oldest are dropped. */
  capacity?: number;
  batchSize?: number;
  /** How long the first item of a batch waits for company. */
  gatherMs?: number;
  /** Waits, or until the signal; never rejects. */
  wait?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/**
 * Sends items in batches behind the back of the conversation: `add` never waits and never throws, failed
 * batches are tried again with growing waits.
 */
export class Outbox<Item> {
  readonly #options: Required<Omit<OutboxOptions<Item>, 'keyOf'>> & Pick<OutboxOptions<Item>, 'keyOf'>;
  #waiting: Item[] = [];
  #running: Promise<void> | null = null;
  #hurry = new AbortController();
  /** The time of the last flush is over: what comes back is dropped. */
  #isOver = false;

  constructor(options: OutboxOptions<Item>) {
    this.#options = { capacity: 1_000, batchSize: 50, gatherMs: 200, wait: pause, ...options };
  }

  add(item: Item): void {
    const { keyOf, capacity, onDropped } = this.#options;
    if (keyOf) this.#waiting = this.#waiting.filter((other) => keyOf(other) !== keyOf(item));
    this.#waiting.push(item);
    if (this.#waiting.length > capacity)
      onDropped(this.#waiting.splice(0, this.#waiting.length - capacity), null);
    this.#start();
  }

  /** Sends what waits without gathering; returns when all is sent, or drops the rest after the given time. */
  async flush(withinMs: number): Promise<void> {
    this.#hurry.abort();
    const deadline = new AbortController();
    const gaveUp = pause(withinMs, deadline.signal);
    while (this.#running && !deadline.signal.aborted) {
      const isOver = await Promise.race([this.#running.then(() => false), gaveUp.then(() => true)]);
      if (isOver) return this.#giveUp();
    }
    deadline.abort();
  }

  #giveUp(): void {
    this.#isOver = true;
    if (this.#waiting.length > 0) this.#options.onDropped(this.#waiting.splice(0), null);
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      if (this.#waiting.length > 0) this.#start();
    });
  }

  async #run(): Promise<void> {
    await this.#pause(this.#options.gatherMs);
    for (let failures = 0; this.#waiting.length > 0;) {
      const batch = this.#waiting.splice(0, this.#options.batchSize);
      try {
        await this.#options.send(batch);
        failures = 0;
      } catch (error) {
        if (!this.#options.isRetryable(error)) {
          await this.#sendOneByOne(batch, error);
          continue;
        }
        this.#putBack(batch);
        await this.#pause(backoffMs(failures + 1, FIRST_RETRY_MS, LONGEST_RETRY_MS));
        failures += 1;
      }
    }
  }

  /** One item that is refused must not take its whole batch with it. */
  async #sendOneByOne(batch: readonly Item[], refusal: unknown): Promise<void> {
    if (batch.length === 1) return this.#options.onDropped(batch, refusal);
    for (const [index, item] of batch.entries()) {
      try {
        await this.#options.send([item]);
      } catch (error) {
        if (this.#options.isRetryable(error)) return this.#putBack(batch.slice(index));
        this.#options.onDropped([item], error);
      }
    }
  }

  /** Newer items of the same key win over what comes back. */
  #putBack(batch: readonly Item[]): void {
    const { keyOf, onDropped } = this.#options;
    if (this.#isOver) return onDropped(batch, null);
    const newer = new Set(keyOf ? this.#waiting.map(keyOf) : []);
    this.#waiting.unshift(...batch.filter((item) => !keyOf || !newer.has(keyOf(item))));
  }

  async #pause(ms: number): Promise<void> {
    await this.#options.wait(ms, this.#hurry.signal);
    // A hurry shortens one wait only: an unreachable database must not be asked in a tight loop.
    if (this.#hurry.signal.aborted) this.#hurry = new AbortController();
  }
}
