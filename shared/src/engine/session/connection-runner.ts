/** Runs the machine of one connection: carries out its effects, reports their outcome, and lets calls through. */
import { AppError } from '../../contract/errors.ts';
import { argumentReader, assertDepth, type ArgumentReader } from '../calls/arguments.ts';
import { hasChanged, type Catalog } from '../tools/catalog.ts';
import { CallQueue, type SessionSource, type ActiveSession } from '../calls/call-queue.ts';
import { classify } from '../messages/classify.ts';
import type { CallOptions, Connection, ConnectionFacts, ConnectionOptions } from './connection.ts';
import {
  begin,
  transition,
  type ConnectionEffect,
  type ConnectionEvent,
  type ConnectionState,
} from './machine.ts';
import type { CallResult } from '../calls/result.ts';
import { LIST_ENDS_SESSION, SESSION_OVER } from '../messages/error-groups.ts';
import { mayRejectEveryRequest } from '../messages/refusal.ts';
import { keepsRoute, type Route } from '../calls/attempts.ts';
import { openSession } from './open-session.ts';
import { RequestThrottle } from '../http/request-throttle.ts';
import type { Session } from './session.ts';
import type { KnownTool, ServerTarget } from './target.ts';
import { closedError, waitForSession, type WaitedFor } from './wait-for-session.ts';

const OPEN_TIMEOUT_MS = 15_000;
/** Lists of minutes exist; calls do not wait for them. For each page. */
const LIST_TIMEOUT_MS = 300_000;
const CHECK_TIMEOUT_MS = 10_000;
/** How often an idle session is pinged, and after how many pings its tools are listed again. */
const IDLE_CHECK_MS = 15_000;
const CHECKS_PER_LIST = 4;
/** Lists that a server asks for; one that announces changed tools after every list gets few. */
const LIST_THROTTLE = { firstMs: 1_000, longestMs: 30_000, calmMs: 15_000 };

export class ConnectionRunner implements Connection, SessionSource {
  readonly target: ServerTarget;
  catalog: Catalog | null = null;
  facts: ConnectionFacts = {
    protocolVersion: null,
    era: null,
    serverInfo: null,
    capabilities: null,
    instructions: null,
    latencyMs: null,
    lastReadyAtMs: null,
  };
  readonly #options: ConnectionOptions;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #calls: CallQueue;
  readonly #readers = new WeakMap<KnownTool, ArgumentReader>();
  readonly #watchers = new Set<() => void>();
  readonly #waitedFor: WaitedFor;
  #state: ConnectionState;
  /** Why the last attempt failed; null once one did not. */
  #downBecause: AppError | null = null;
  #session: Session | null = null;
  #route: Route | undefined;
  /** Ends the work of the present attempt: opening and listing. */
  #attempt = new AbortController();
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #idleTimer: ReturnType<typeof setInterval> | undefined;
  /** Set while a list waits for its time; what is announced meanwhile will be in it. */
  #listTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #listThrottle = new RequestThrottle(LIST_THROTTLE);
  #idleChecks = 0;
  #isChecking = false;
  /** Sessions that are being ended. */
  readonly #endings = new Set<Promise<void>>();
  readonly #ended = Promise.withResolvers<void>();

  constructor(target: ServerTarget, options: ConnectionOptions) {
    this.target = target;
    this.#options = options;
    this.#now = options.now ?? Date.now;
    // eslint-disable-next-line no-restricted-properties -- here chance comes in, for the pure machine
    this.#random = options.random ?? Math.random;
    this.#calls = new CallQueue(target, this, this.#now);
    this.#waitedFor = {
      read: () => ({ state: this.#state, active: this.#activeSession(), downBecause: this.#downBecause }),
      want: () => this.#dispatch({ type: 'wanted' }),
      now: this.#now,
      watchers: this.#watchers,
    };
    const first = begin();
    this.#state = first.state;
    this.#carryOut(first.effects);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  wake(): void {
    this.#dispatch({ type: 'wake' });
  }

  close(): Promise<void> {
    this.#dispatch({ type: 'close' });
    return this.#ended.promise;
  }

  call(tool: string, args: Record<string, unknown>, options: CallOptions = {}): Promise<CallResult> {
    return this.#calls.call(tool, args, options);
  }

  /** What a finished list says is so; before that the last known tools tell which nulls can go, and the server decides. */
  prepare(name: string, given: Record<string, unknown>): Record<string, unknown> {
    const isListed = this.#state.name === 'ready' && this.#state.listing === 'no';
    const known: readonly KnownTool[] = this.catalog?.tools ?? this.target.storedTools ?? [];
    const tool = known.find((one) => one.name === name);
    if (!tool && isListed) throw new AppError('tool_not_found');
    assertDepth(given);
    if (!tool) return given;
    const read = this.#readers.get(tool) ?? argumentReader(tool.input_schema);
    this.#readers.set(tool, read);
    const { args, fault } = read(given);
    if (fault !== null && isListed) throw new AppError('invalid_arguments', { message: fault });
    return args;
  }

  report(generation: number, error: AppError): void {
    if (SESSION_OVER.has(error.code)) this.#dispatch({ type: 'lost', generation, error });
    if (error.code === 'timeout' || error.code === 'server_error') void this.#check(generation);
    if (mayRejectEveryRequest(error)) this.#dispatch({ type: 'tools_changed', generation });
  }

  waitForSession(signal: AbortSignal): Promise<ActiveSession> {
    return waitForSession(this.#waitedFor, signal);
  }

  #activeSession(): ActiveSession | null {
    const { name, generation } = this.#state;
    const isOpen = name === 'ready' || name === 'discovering';
    return isOpen && this.#session ? { session: this.#session, generation } : null;
  }

  #dispatch(event: ConnectionEvent): void {
    const before = this.#state.name;
    const next = transition(this.#state, event, { now: this.#now(), random: this.#random() });
    this.#state = next.state;
    if (next.state.name === 'waiting') this.#downBecause = next.state.error;
    if (next.state.name === 'ready' && before !== 'ready') {
      this.facts = { ...this.facts, lastReadyAtMs: next.state.since };
      this.#downBecause = null;
    }
    this.#carryOut(next.effects);
    if (next.state.name === before) return;
    for (const check of [...this.#watchers]) check();
    this.#options.onState?.(next.state, this);
  }

  #carryOut(effects: ConnectionEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'open':
          void this.#open(effect.generation);
          break;
        case 'list':
          this.#planList(effect.generation);
          break;
        case 'drop':
          this.#release(false);
          break;
        case 'wait': {
          const { generation, delayMs } = effect;
          this.#retryTimer = setTimeout(() => this.#dispatch({ type: 'retry_due', generation }), delayMs);
          break;
        }
        case 'stop_waiting':
          clearTimeout(this.#retryTimer);
          break;
        case 'end':
          this.#calls.stopAll(closedError());
          this.#release(true);
          break;
      }
    }
  }

  /** Lets go of the session; the attempt in progress, if any, ends too. */
  #release(isFinal: boolean): void {
    this.#attempt.abort(closedError());
    clearInterval(this.#idleTimer);
    clearTimeout(this.#listTimer);
    this.#listTimer = undefined;
    if (this.#session) this.#follow(isFinal ? this.#session.end(true) : this.#session.retire());
    this.#session = null;
    if (isFinal) void Promise.all(this.#endings).then(() => this.#ended.resolve());
  }

  #follow(ending: Promise<void>): void {
    this.#endings.add(ending);
    void ending.then(() => this.#endings.delete(ending));
  }

  async #open(generation: number): Promise<void> {
    const attempt = (this.#attempt = new AbortController());
    // A signal with a timeout of its own would be held until then, with all that hangs on it.
    const timer = setTimeout(() => attempt.abort(new AppError('timeout')), OPEN_TIMEOUT_MS);
    const startedAt = this.#now();
    try {
      const { policy, elicit, admit = (work) => work() } = this.#options;
      const open = () =>
        openSession(this.target, {
          policy,
          signal: attempt.signal,
          timeoutMs: OPEN_TIMEOUT_MS,
          route: this.#route,
          knownTools: this.catalog?.tools ?? this.target.storedTools,
          elicit,
          onToolsChanged: () => this.#noticeTools(generation),
          onDoubt: () => void this.#recheck(generation),
        });
      const session = await admit(open, this.#calls.isBusy);
      if (this.#state.name !== 'connecting' || this.#state.generation !== generation) {
        await session.end(true);
        return;
      }
      this.#adopt(session, generation, this.#now() - startedAt);
    } catch (failure) {
      const error = classify(failure);
      if (!keepsRoute(error)) this.#route = undefined;
      this.#dispatch({ type: 'failed', generation, error });
    } finally {
      clearTimeout(timer);
    }
  }

  #adopt(session: Session, generation: number, latencyMs: number): void {
    this.#session = session;
    this.#route = session.route;
    this.facts = { ...this.facts, ...session.facts, era: session.route.era, latencyMs };
    this.#idleTimer = setInterval(() => this.#checkIdle(generation), IDLE_CHECK_MS);
    this.#dispatch({ type: 'opened', generation });
  }

  #noticeTools(generation: number): void {
    if (this.#listTimer === undefined) this.#dispatch({ type: 'tools_changed', generation });
  }

  #planList(generation: number): void {
    // The first list of a session is not one that the server asked for.
    const waitMs = this.#state.name === 'ready' ? this.#listThrottle.plan(this.#now()) : 0;
    if (waitMs === 0) {
      void this.#list(generation);
      return;
    }
    this.#listTimer = setTimeout(() => {
      this.#listTimer = undefined;
      void this.#list(generation);
    }, waitMs);
  }

  async #list(generation: number): Promise<void> {
    try {
      const catalog = await this.#session?.list(this.#attempt.signal, LIST_TIMEOUT_MS);
      if (!catalog || this.#state.generation !== generation) return;
      const isChanged = !this.catalog || hasChanged(this.catalog, catalog);
      this.catalog = catalog;
      this.#dispatch({ type: 'listed', generation });
      if (isChanged) this.#options.onCatalog?.(catalog, this);
    } catch (failure) {
      const error = classify(failure);
      this.#dispatch({ type: LIST_ENDS_SESSION.has(error.code) ? 'lost' : 'failed', generation, error });
    }
  }

  /** Runs at each idle interval. Lists tools even if the server announces changes, in case it misses one. */
  #checkIdle(generation: number): void {
    if (this.#state.name !== 'ready') return;
    this.#idleChecks += 1;
    const isListDue = this.#idleChecks % CHECKS_PER_LIST === 0 && this.#state.listing === 'no';
    if (isListDue) this.#noticeTools(generation);
    else if (!this.#calls.isBusy) void this.#check(generation);
  }

  /** Pings the server and lists its tools after a gap in which notifications may have been lost. */
  async #recheck(generation: number): Promise<void> {
    if (await this.#check(generation)) this.#noticeTools(generation);
  }

  /** Pings the server. A server that is busy with our tool call may be slow to respond, so a timeout then is no loss. */
  async #check(generation: number): Promise<boolean> {
    const session = this.#session;
    if (!session || this.#isChecking || this.#state.generation !== generation) return false;
    this.#isChecking = true;
    try {
      await session.check(CHECK_TIMEOUT_MS);
      return true;
    } catch (failure) {
      const error = classify(failure);
      const isBusy = error.code === 'timeout' && this.#calls.isBusy;
      if (!isBusy) this.#dispatch({ type: 'lost', generation, error });
      return false;
    } finally {
      this.#isChecking = false;
    }
  }
}
