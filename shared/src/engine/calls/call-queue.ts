/** The calls on one connection: a place for each, their time, and at most one second chance. */
import PQueue from 'p-queue';
import { AppError } from '../../contract/errors.ts';
import { classify } from '../messages/classify.ts';
import type { CallOptions, CallProgress } from '../session/connection.ts';
import { NOT_EXECUTED, SESSION_OVER } from '../messages/error-groups.ts';
import { saidError } from '../messages/refusal.ts';
import { readResult, type CallResult } from './result.ts';
import type { Session } from '../session/session.ts';
import type { ServerTarget } from '../session/target.ts';
import { FairQueue } from './fair-queue.ts';

/** Calls that may wait for a place, for each that may run. */
const QUEUE_PER_PLACE = 16;
/** A call that reports progress may take so many times its timeout, and no call takes longer than the second. */
const PROGRESS_FACTOR = 10;
const MAX_PROGRESS_MS = 600_000;

/** A session to call on, and the generation that a report about it must name. */
export interface ActiveSession {
  session: Pick<Session, 'call'>;
  generation: number;
}

/** What calls need of their connection. */
export interface SessionSource {
  /** Waits for an open session. Rejects with AppError, or with the reason of the signal. */
  waitForSession(signal: AbortSignal): Promise<ActiveSession>;
  /**
   * The arguments as the server takes them.
   * @throws AppError when the server would certainly refuse this call
   */
  prepare(tool: string, args: Record<string, unknown>): Record<string, unknown>;
  /** A call met this error: the connection draws its own conclusions. */
  report(generation: number, error: AppError): void;
}

interface Request {
  tool: string;
  args: Record<string, unknown>;
  signal: AbortSignal;
  /** The longest time that progress can win. */
  ceilingMs: number;
  onProgress: (progress: CallProgress) => void;
  isRepeatable: boolean;
}

export class CallQueue {
  readonly #target: ServerTarget;
  readonly #source: SessionSource;
  readonly #now: () => number;
  readonly #queue: PQueue;
  readonly #turns: FairQueue;
  readonly #stops = new Set<AbortController>();

  /** @param now milliseconds of any clock that does not go back */
  constructor(target: ServerTarget, source: SessionSource, now: () => number) {
    this.#target = target;
    this.#source = source;
    this.#now = now;
    this.#queue = new PQueue({ concurrency: target.maxConcurrency });
    this.#turns = new FairQueue(target.maxConcurrency * QUEUE_PER_PLACE);
  }

  /** Whether any call is with the server, or waits for the connection. */
  get isBusy(): boolean {
    return this.#queue.pending > 0;
  }

  /** See `Connection.call`. */
  async call(tool: string, args: Record<string, unknown>, options: CallOptions): Promise<CallResult> {
    this.#source.prepare(tool, args);
    const { caller = '', onProgress, repeatable: isRepeatable = false } = options;
    const turn = this.#turns.take(caller);
    if (turn === null) throw new AppError('queue_full');
    let isWaiting = true;
    const calledAt = this.#now();
    const time = this.#allow(options, calledAt);
    const { signal } = time;
    try {
      return await this.#queue.add(
        () => {
          isWaiting = false;
          this.#turns.begin(caller, turn);
          options.onDequeued?.(this.#now() - calledAt);
          const onServerProgress = (progress: CallProgress) => {
            time.extend();
            onProgress?.(progress);
          };
          const { ceilingMs } = time;
          return this.#attempt({ tool, args, signal, ceilingMs, onProgress: onServerProgress, isRepeatable });
        },
        { signal, priority: -turn },
      );
    } catch (error) {
      throw signal.aborted ? signal.reason : classify(error);
    } finally {
      if (isWaiting) this.#turns.leave(caller);
      time.end();
    }
  }

  /** The time of a call: its signal ends it when the time is over, when the caller cancels, or when all stop. */
  #allow(options: CallOptions, calledAt: number) {
    const timeoutMs = options.timeoutMs ?? this.#target.callTimeoutMs;
    const ceilingMs = Math.max(timeoutMs, Math.min(timeoutMs * PROGRESS_FACTOR, MAX_PROGRESS_MS));
    const stop = new AbortController();
    const expire = () => stop.abort(new AppError('timeout'));
    let timer = setTimeout(expire, timeoutMs);
    const onCancel = () => stop.abort(new AppError('cancelled'));
    if (options.signal?.aborted) onCancel();
    options.signal?.addEventListener('abort', onCancel, { once: true });
    this.#stops.add(stop);
    return {
      signal: stop.signal,
      ceilingMs,
      extend: () => {
        clearTimeout(timer);
        timer = setTimeout(expire, Math.min(timeoutMs, calledAt + ceilingMs - this.#now()));
      },
      end: () => {
        clearTimeout(timer);
        options.signal?.removeEventListener('abort', onCancel);
        this.#stops.delete(stop);
      },
    };
  }

  /** Fails all calls with this error, and cancels them at the server. */
  stopAll(error: AppError): void {
    for (const stop of this.#stops) stop.abort(error);
  }

  /** Retries once a tool call that the server refused without running it, or a repeatable one whose outcome is unknown. */
  async #attempt({
    tool,
    args: given,
    signal,
    ceilingMs,
    onProgress,
    isRepeatable,
  }: Request): Promise<CallResult> {
    for (let isSecond = false; ; isSecond = true) {
      const { session, generation } = await this.#source.waitForSession(signal);
      const args = this.#source.prepare(tool, given);
      try {
        return readResult(await session.call({ tool, args, signal, timeoutMs: ceilingMs, onProgress }));
      } catch (failure) {
        const error = classify(signal.aborted ? signal.reason : failure);
        // Of two sessions in a row that a call is refused for, the second was not lost.
        if (isSecond && error.code === 'session_lost') throw saidError('session_rejected', error.said);
        this.#source.report(generation, error);
        const isSafe = NOT_EXECUTED.has(error.code) || (isRepeatable && SESSION_OVER.has(error.code));
        if (isSecond || !isSafe) throw error;
      }
    }
  }
}
