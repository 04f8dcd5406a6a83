import type { ApiError } from './protocol/api-errors.ts';

export type Fault =
  | { kind: 'handshake_refused'; status: number; error?: ApiError }
  /** Right after the handshake, without `session.created`; as in the real service, in the TCP packet of its response. */
  | { kind: 'connection_closed'; code: number; error?: ApiError; inOwnPacket?: boolean }
  | { kind: 'update_rejected'; error: ApiError; param?: string }
  | { kind: 'response_failed'; error: ApiError }
  /** A requested response, or one due after the user's turn, never starts: no `response.created`. */
  | { kind: 'response_missing' }
  /** Nothing follows `response.created`. */
  | { kind: 'response_stalled' }
  /** When a response should start, the connection ends without a close frame. */
  | { kind: 'connection_lost' };

type KindOf<K extends Fault['kind']> = Extract<Fault, { kind: K }>;

interface Switched {
  fault: Fault;
  timesLeft: number;
}

/** The faults of one server. */
export class Faults {
  #on: Switched[] = [];

  /**
   * Enables a fault, after those already enabled.
   * @param times how often it happens; default: forever
   * @returns disables it again
   */
  add(fault: Fault, { times = Infinity }: { times?: number } = {}): () => void {
    const switched = { fault, timesLeft: times };
    this.#on.push(switched);
    return () => this.#remove(switched);
  }

  /** Disables all faults. */
  clear(): void {
    this.#on = [];
  }

  /** Takes the first enabled fault of these kinds, which happens now, and counts it. */
  take<K extends Fault['kind']>(...kinds: K[]): KindOf<K> | undefined {
    const found = this.#on.find(({ fault }) => kinds.some((kind) => kind === fault.kind));
    if (!found) return undefined;
    found.timesLeft -= 1;
    if (found.timesLeft <= 0) this.#remove(found);
    return found.fault as KindOf<K>; // its kind is one of those that were looked for
  }

  #remove(switched: Switched): void {
    this.#on = this.#on.filter((one) => one !== switched);
  }
}
