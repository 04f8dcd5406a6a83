/**
 * How much of what servers send is held in memory at once. A session that holds more than its share fails, and so does
 * the largest session when all sessions of the process together hold too much: a server can't harm those that hold little.
 */
import { AppError } from '../../contract/errors.ts';

/** As many results of the largest size as a server answers at once by default, and a list. */
const MAX_SESSION_BYTES = 40 * 1024 * 1024;
const MAX_PROCESS_BYTES = 96 * 1024 * 1024;

/** All sessions of one process. */
export class MemoryPool {
  readonly #maxBytes: number;
  readonly #sessions = new Set<HeldMemory>();
  #bytes = 0;

  constructor(maxBytes = MAX_PROCESS_BYTES) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Counts what a session holds more or less; while all hold too much, the largest is ended. */
  note(session: HeldMemory, difference: number): void {
    this.#bytes += difference;
    if (session.bytes > 0) this.#sessions.add(session);
    else this.#sessions.delete(session);
    while (this.#bytes > this.#maxBytes) {
      const largest = [...this.#sessions].reduce((one, other) => (other.bytes > one.bytes ? other : one));
      largest.end();
    }
  }
}

const PROCESS = new MemoryPool();

/** What one session holds. */
export class HeldMemory {
  readonly #maxBytes: number;
  readonly #pool: MemoryPool;
  readonly #onTooMuch: (error: AppError) => void;
  #bytes = 0;
  #isEnded = false;

  /** @param onTooMuch called once, when the session must end */
  constructor(onTooMuch: (error: AppError) => void, maxBytes = MAX_SESSION_BYTES, pool = PROCESS) {
    this.#onTooMuch = onTooMuch;
    this.#maxBytes = maxBytes;
    this.#pool = pool;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Begins to hold something; its size is set as it grows. */
  piece(): HeldPiece {
    let size = 0;
    const set = (bytes: number): void => {
      if (this.#isEnded || bytes === size) return;
      this.#bytes += bytes - size;
      const difference = bytes - size;
      size = bytes;
      this.#pool.note(this, difference);
      if (this.#bytes > this.#maxBytes) this.end();
    };
    return { set, free: () => set(0) };
  }

  /** Lets go of everything; called again, it does nothing. */
  close(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const held = this.#bytes;
    this.#bytes = 0;
    this.#pool.note(this, -held);
  }

  /** Ends the session because it, or the process, holds too much. */
  end(): void {
    if (this.#isEnded) return;
    this.close();
    this.#onTooMuch(new AppError('response_too_large'));
  }
}

export interface HeldPiece {
  /** Sets the size in bytes. */
  set: (bytes: number) => void;
  free: () => void;
}
