/** Servers as they really are, second by second: seeded, and only ever asked forward in time. */
import type { ErrorCode } from '@patchbay/shared/contract/errors';

export type Truth = { isUp: true } | { isUp: false; code: ErrorCode };

const UP: Truth = { isUp: true };
const HANGING: Truth = { isUp: false, code: 'timeout' };
const FAILURES: Truth[] = (
  [
    'connection_refused',
    'timeout',
    'server_error',
    'unauthorized',
    'tls_failed',
    'dns_failed',
    'rate_limited',
  ] as const
).map((code) => ({ isUp: false, code }));

/** A small generator of numbers from 0 to below 1 (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export class World {
  readonly #random: () => number;
  readonly #truth: Truth[];
  readonly #since: Float64Array;
  readonly #until: Float64Array;
  readonly #isRestless: Uint8Array;
  readonly #hanging: number;

  /** @param hanging of the first servers, so many never answer */
  constructor(servers: number, random: () => number, hanging = 0) {
    this.#random = random;
    this.#hanging = hanging;
    this.#truth = Array.from({ length: servers }, () => UP);
    this.#since = new Float64Array(servers);
    this.#until = new Float64Array(servers);
    this.#isRestless = new Uint8Array(servers);
    for (let server = 0; server < servers; server += 1) {
      this.#isRestless[server] = random() < 0.02 ? 1 : 0;
      this.#until[server] = this.#length(server, true);
    }
  }

  /** What a probe at this second finds. */
  at(server: number, now: number): Truth {
    if (server < this.#hanging) return HANGING;
    while (this.#until[server]! <= now) {
      const wasUp = this.#truth[server]!.isUp;
      this.#since[server] = this.#until[server]!;
      this.#until[server]! += this.#length(server, !wasUp);
      this.#truth[server] = wasUp ? FAILURES[Math.floor(this.#random() * FAILURES.length)]! : UP;
    }
    return this.#truth[server]!;
  }

  /** Since when it is as it was at the last question. */
  since(server: number): number {
    return this.#since[server]!;
  }

  /** Seconds: days up and minutes down, or minutes of each. */
  #length(server: number, isUp: boolean): number {
    const mean = this.#isRestless[server] ? (isUp ? 900 : 300) : isUp ? 172_800 : 1_200;
    return 1 - Math.log(1 - this.#random()) * mean;
  }
}
