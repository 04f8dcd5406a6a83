/**
 * Says when this process has grown too large: its conversation then ends with a reason. The framework, which looks from
 * outside, kills a larger one without a word.
 */
const LOOK_EVERY_MS = 1_000;

export interface MemoryWatchOptions {
  limitBytes: number;
  /** Called once, with what the process takes. */
  onTooMuch: (usedBytes: number) => void;
  /** Resident memory of the process, in bytes. */
  usedBytes?: () => number;
}

export class MemoryWatch {
  readonly #options: Required<MemoryWatchOptions>;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: MemoryWatchOptions) {
    this.#options = { usedBytes: () => process.memoryUsage.rss(), ...options };
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { limitBytes, usedBytes, onTooMuch } = this.#options;
    const used = usedBytes();
    if (used <= limitBytes) return;
    this.stop();
    onTooMuch(used);
  }
}
