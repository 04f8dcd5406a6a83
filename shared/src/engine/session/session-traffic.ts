/** Counts what one session receives and holds, and ends it when that is too much. */
import type { AppError } from '../../contract/errors.ts';
import { HeldMemory, type HeldPiece } from './held-memory.ts';
import type { Exchange } from '../outgoing/outgoing-fetch.ts';
import { isEventStream } from '../http/response-body.ts';

/** All that a probe may receive: a list of the largest size, and what comes with it. */
const MAX_PROBE_BYTES = 24 * 1024 * 1024;

export class SessionTraffic {
  readonly #held: HeldMemory;
  readonly #maxReceived: number;
  /** Of bodies that are read as a whole. */
  readonly #bodies = new Map<Exchange, { piece: HeldPiece; bytes: number }>();
  readonly #list: HeldPiece;
  #received = 0;
  #listWeight = 0;

  /**
   * @param isBrief whether the session is a probe, whose whole traffic is limited
   * @param onTooMuch called once, when the session must end
   */
  constructor(isBrief: boolean, onTooMuch: (error: AppError) => void) {
    this.#held = new HeldMemory(onTooMuch);
    this.#list = this.#held.piece();
    this.#maxReceived = isBrief ? MAX_PROBE_BYTES : Infinity;
  }

  noteChunk(exchange: Exchange, bytes: number): void {
    this.#received += bytes;
    if (this.#received > this.#maxReceived) this.#held.end();
    // Of a stream, only the event that has not ended is held: see `event`.
    if (isEventStream(exchange.headers)) return;
    const body = this.#bodies.get(exchange) ?? { piece: this.#held.piece(), bytes: 0 };
    this.#bodies.set(exchange, body);
    body.bytes += bytes;
    body.piece.set(body.bytes);
  }

  noteBodyEnd(exchange: Exchange): void {
    this.#bodies.get(exchange)?.piece.free();
    this.#bodies.delete(exchange);
  }

  /** For the events of one stream. */
  event(): HeldPiece {
    return this.#held.piece();
  }

  /** A list of tools begins; the one before is dropped when the new one is there. */
  beginList(): void {
    this.#listWeight = 0;
    this.#list.free();
  }

  /** A page of the list came. @param weight see `jsonWeight` */
  addToList(weight: number): void {
    this.#listWeight += weight;
    this.#list.set(this.#listWeight);
  }

  /** The weight of all pages of the list that was begun last. */
  get listWeight(): number {
    return this.#listWeight;
  }

  /** The session is over: nothing is held for it any more. */
  close(): void {
    this.#held.close();
  }
}
