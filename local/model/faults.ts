// What can go wrong with the real service now and then, for tests: switched on and off while the server runs.
import type { ApiError } from './protocol/api-errors.ts';

/** What goes wrong, and when. */
export type Fault =
  /** The handshake is answered with an HTTP error, whose body carries the error as the REST API writes it. */
  | { kind: 'handshake_refused'; status: number; error?: ApiError }
  /**
   * The connection is closed right after the handshake, without `session.created`; with an error, its event goes first.
   * Both travel in the same TCP packet as the answer to the handshake, as the real service has it, unless told otherwise.
   */
  | { kind: 'connection_closed'; code: number; error?: ApiError; inOwnPacket?: boolean }
  /** `session.update` is answered with an error event and changes nothing. */
  | { kind: 'update_rejected'; error: ApiError; param?: string }
  /** The response ends at once, as failed. */
  | { kind: 'response_failed'; error: ApiError }
  /** A response that is asked for, or due after the user's turn, never begins: no `response.created`. */
  | { kind: 'response_missing' }
  /** `response.created` comes, and nothing after it. */
  | { kind: 'response_stalled' }
  /** When a response is to begin, the connection ends without a close frame. */
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
   * Switches a fault on, behind those that are on.
   *
   * @param times how often it happens; for ever unless told
   * @returns switches it off again
   */
  add(fault: Fault, { times = Infinity }: { times?: number } = {}): () => void {
    const switched = { fault, timesLeft: times };
    this.#on.push(switched);
    return () => this.#remove(switched);
  }

  /** Switches all off. */
  clear(): void {
    this.#on = [];
  }

  /** The first fault of these kinds that is on, which happens now: one of its times is used up. */
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
