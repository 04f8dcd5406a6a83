/**
 * Keeps the answers of tools that the user marked for it. Equal calls at the same time share one flight,
 * which goes on until the last of them lets go. When the server fails, an answer that is not too old
 * stands in, marked as stale. Answers that are errors are never kept.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../contract/json/canonical-json.ts';
import { AppError } from '../../contract/errors.ts';
import { classify } from '../messages/classify.ts';
import { jsonWeight } from '../messages/json-weight.ts';
import type { CallResult } from './result.ts';
import { settleOrAbort } from '../session/settle-or-abort.ts';
import type { ServerTarget } from '../session/target.ts';

/** How long after its time an answer may stand in for a server that fails. */
const STALE_FOR_MS = 10 * 60_000;
/** All answers together (see `jsonWeight`); the ones that were not asked for the longest go first. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Everything that an answer depends on. */
export interface CachedCall {
  target: Pick<ServerTarget, 'serverId' | 'configVersion' | 'credential'>;
  tool: { name: string; fingerprint: string };
  args: Record<string, unknown>;
}

export interface CachePolicy {
  /** For how long an answer counts as fresh. */
  ttlMs: number;
  /** Gives up this call; the flight ends with the last call that waits for it. */
  signal?: AbortSignal | undefined;
}

export interface ResultCacheOptions {
  /** Milliseconds of any clock that does not go back. */
  now: () => number;
  staleForMs?: number;
  maxBytes?: number;
}

interface Owner {
  serverId: string;
  tool: string;
}
interface Entry extends Owner {
  result: CallResult;
  storedAt: number;
  bytes: number;
}
interface Flight extends Owner {
  answer: Promise<CallResult>;
  stop: AbortController;
  waiting: number;
}

export class ResultCache {
  readonly #now: () => number;
  readonly #staleForMs: number;
  readonly #maxBytes: number;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  readonly #flights = new Map<string, Flight>();
  #bytes = 0;

  constructor({ now, staleForMs = STALE_FOR_MS, maxBytes = MAX_BYTES }: ResultCacheOptions) {
    this.#now = now;
    this.#staleForMs = staleForMs;
    this.#maxBytes = maxBytes;
  }

  /**
   * The answer that is kept, when it is fresh; else that of the server, which `load` is to fetch.
   * @param load called at most once for equal calls at the same time; its signal says that nobody waits any more
   * @returns with `cached` set when the answer is not new
   * @throws AppError: what `load` met, `cancelled`, or the reason of the signal where that is one
   */
  async call(
    call: CachedCall,
    policy: CachePolicy,
    load: (signal: AbortSignal) => Promise<CallResult>,
  ): Promise<CallResult> {
    const key = keyOf(call);
    const kept = this.#aged(key);
    if (kept && kept.ageMs < policy.ttlMs) return marked(kept, false);
    const flight = this.#flights.get(key) ?? this.#depart(key, call, policy.ttlMs, load);
    return this.#ride(key, flight, policy.signal);
  }

  /** Drops what is kept of a server, or of some of its tools. Calls under way end, but their answers are not kept. */
  forget(serverId: string, tools?: readonly string[]): void {
    const isMeant = (owner: Owner) => owner.serverId === serverId && (tools?.includes(owner.tool) ?? true);
    for (const [key, entry] of this.#entries) if (isMeant(entry)) this.#drop(key);
    for (const [key, flight] of this.#flights) if (isMeant(flight)) this.#flights.delete(key);
  }

  #depart(
    key: string,
    { target, tool }: CachedCall,
    ttlMs: number,
    load: (signal: AbortSignal) => Promise<CallResult>,
  ): Flight {
    const stop = new AbortController();
    const owner = { serverId: target.serverId, tool: tool.name };
    const isCurrent = () => this.#flights.get(key) === flight;
    const answer = load(stop.signal)
      .then(
        (result) => {
          if (isCurrent() && !result.isError) this.#keep(key, owner, result);
          return result;
        },
        (failure: unknown) => this.#standIn(key, ttlMs, classify(failure)),
      )
      .finally(() => {
        if (isCurrent()) this.#flights.delete(key);
      });
    const flight: Flight = { ...owner, answer, stop, waiting: 0 };
    this.#flights.set(key, flight);
    return flight;
  }

  async #ride(key: string, flight: Flight, signal: AbortSignal | undefined): Promise<CallResult> {
    flight.waiting += 1;
    try {
      return await (signal ? settleOrAbort(flight.answer, signal) : flight.answer);
    } catch (error) {
      throw signal?.aborted && !(error instanceof AppError) ? new AppError('cancelled') : error;
    } finally {
      flight.waiting -= 1;
      if (flight.waiting === 0) {
        // Nobody may join a flight that is being stopped.
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
        flight.stop.abort(new AppError('cancelled'));
      }
    }
  }

  /** The kept answer in place of an error that says nothing about the question itself. */
  #standIn(key: string, ttlMs: number, error: AppError): CallResult {
    const kept = this.#aged(key);
    if (!kept || !error.retryable || kept.ageMs > ttlMs + this.#staleForMs) throw error;
    return marked(kept, true);
  }

  #aged(key: string): { result: CallResult; ageMs: number } | null {
    const entry = this.#entries.get(key);
    if (!entry) return null;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return { result: entry.result, ageMs: this.#now() - entry.storedAt };
  }

  #keep(key: string, owner: Owner, result: CallResult): void {
    this.#drop(key);
    const bytes = jsonWeight(JSON.stringify(result));
    this.#entries.set(key, { ...owner, result, storedAt: this.#now(), bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }
}

/** A hash: what the key is made of, the credential among it, cannot be read from it. */
function keyOf({ target, tool, args }: CachedCall): string {
  const { serverId, configVersion, credential } = target;
  const parts = [serverId, configVersion, credential, tool.name, tool.fingerprint, args];
  return createHash('sha256').update(canonicalJson(parts)).digest('base64');
}

function marked({ result, ageMs }: { result: CallResult; ageMs: number }, isStale: boolean): CallResult {
  return { ...result, cached: { ageMs, isStale } };
}
