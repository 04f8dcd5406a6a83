/**
 * The life of one connection as a pure machine. Effects are carried out by `connection`.
 *
 *            opened                listed
 *  connecting ─────► discovering ─────────► ready ⟲ tools_changed, listed, failed
 *    │ ▲ ▲ failed        │ failed, lost       │ lost: a forgotten session at once, else back-off
 *    │ │ └───────────────│────────────────────┤
 *    ▼ │ retry_due,      ▼                    ▼
 *    │ wake, wanted      │                    │
 *    waiting ◄───────────┴────────────────────┘
 *    (any) ── failed or lost for want of a credential ──► needs_credentials ── wake ──► connecting
 *    (any) ── close ──► closed, for good
 *
 * Circuit breaker: a call (`wanted`) ends the wait of a server that failed a few times. After that it is
 * open: a call may try only a while after the last failure, and waits until then. A good session or the
 * user (`wake`) closes it.
 *
 * Invariants, each with its test in machine.test.ts:
 *  - an event of another generation changes nothing: 'a late event changes nothing';
 *  - a generation opens at most one session, and whoever leaves an open session drops it: 'sessions are not
 *    doubled, nor left behind';
 *  - `waiting` has exactly one pending `wait`, no other state has one: 'a timer runs exactly while it waits';
 *  - nothing leaves `closed`, and one `end` comes with it: 'closed is final';
 *  - a call does not dial against an open breaker, and never before the time that the server named: 'calls keep
 *    to the breaker';
 *  - what Patchbay itself puts off is no failure, and a call need not wait for it: 'an attempt that is put off';
 *  - whatever happened, the user's `wake` gets a connection that is not up to dial: 'wake always dials'.
 */
import { isAboutCredential, type AppError } from '../../contract/errors.ts';
import { retryDelayMs } from '../backoff.ts';

/** A session that lived this long is a good one: losing it says nothing about the next. */
const STABLE_MS = 60_000;

/** After so many failures in a row, calls dial only so long after the last one. */
const BREAKER_FAILURES = 5;
const BREAKER_PAUSE_MS = 500;

/** `generation` counts the attempts; `failures` the bad ones in a row. Times are wall clock, ms since 1970. */
export type ConnectionState =
  | { name: 'connecting'; generation: number; failures: number }
  | { name: 'discovering'; generation: number; failures: number; isStale: boolean }
  | {
      name: 'ready';
      generation: number;
      failures: number;
      since: number;
      listing: 'no' | 'running' | 'stale';
    }
  | {
      name: 'waiting';
      generation: number;
      failures: number;
      error: AppError;
      since: number;
      retryAt: number;
    }
  | { name: 'needs_credentials'; generation: number; error: AppError }
  | { name: 'closed'; generation: number };

export type ConnectionEvent =
  /** The session is initialized. */
  | { type: 'opened'; generation: number }
  | { type: 'listed'; generation: number }
  /** Opening or listing failed. */
  | { type: 'failed'; generation: number; error: AppError }
  /** An open session turned out to be gone. */
  | { type: 'lost'; generation: number; error: AppError }
  | { type: 'tools_changed'; generation: number }
  | { type: 'retry_due'; generation: number }
  /** A call needs the connection. */
  | { type: 'wanted' }
  /** The user says: now. */
  | { type: 'wake' }
  | { type: 'close' };

export type ConnectionEffect =
  | { type: 'open'; generation: number }
  | { type: 'list'; generation: number }
  /** Give up the session of this connection without a word to the server. */
  | { type: 'drop' }
  | { type: 'wait'; generation: number; delayMs: number }
  | { type: 'stop_waiting' }
  /** Say good-bye to the server and release everything. */
  | { type: 'end' };

export interface Transition {
  state: ConnectionState;
  effects: ConnectionEffect[];
}

/** What the world adds to a decision: wall clock in ms, and a number from 0 to below 1. */
export interface Circumstances {
  now: number;
  random: number;
}

type Of<Name extends ConnectionState['name']> = Extract<ConnectionState, { name: Name }>;
type EventOf<Type extends ConnectionEvent['type']> = Extract<ConnectionEvent, { type: Type }>;
type Table = {
  [Name in ConnectionState['name']]: {
    [Type in ConnectionEvent['type']]: (
      state: Of<Name>,
      event: EventOf<Type>,
      around: Circumstances,
    ) => Transition;
  };
};

/** The first state with its effects. */
export function begin(): Transition {
  return connect(0, 0, []);
}

/** The next state and what is to be done, for any event in any state. */
export function transition(
  state: ConnectionState,
  event: ConnectionEvent,
  around: Circumstances,
): Transition {
  if ('generation' in event && event.generation !== state.generation) return stay(state);
  // The table is indexed by the very names of state and event, which the compiler cannot follow.
  const cell = TABLE[state.name][event.type] as (
    state: ConnectionState,
    event: ConnectionEvent,
    around: Circumstances,
  ) => Transition;
  return cell(state, event, around);
}

const TABLE: Table = {
  connecting: {
    opened: ({ generation, failures }) => ({
      state: { name: 'discovering', generation, failures, isStale: false },
      effects: [{ type: 'list', generation }],
    }),
    listed: stay,
    failed: (state, { error }, around) =>
      // What Patchbay itself puts off says nothing about the server.
      scheduleRetry(state, state.failures + (isPutOff(error) ? 0 : 1), error, around, NO_SESSION),
    lost: stay,
    tools_changed: stay,
    retry_due: stay,
    wanted: stay,
    wake: (state) => stay({ ...state, failures: 0 }),
    close: (state) => close(state, []),
  },
  discovering: {
    opened: stay,
    listed: (state, _event, { now }) => becomeReady(state, now),
    failed: (state, { error }, around) => scheduleRetry(state, state.failures + 1, error, around, SESSION),
    lost: (state, { error }, around) => scheduleRetry(state, state.failures + 1, error, around, SESSION),
    tools_changed: (state) => ({ state: { ...state, isStale: true }, effects: [] }),
    retry_due: stay,
    wanted: stay,
    wake: (state) => stay({ ...state, failures: 0 }),
    close: (state) => close(state, []),
  },
  ready: {
    opened: stay,
    listed: (state) => listAgainOr(state, 'no'),
    // The tools that are known stay good; what broke the session itself comes as `lost`.
    failed: (state) => listAgainOr(state, 'no'),
    lost: (state, { error }, around) => {
      const failures = around.now - state.since >= STABLE_MS ? 1 : state.failures + 1;
      // The server responds. A network failure drops many connections at once, so their retries are spread.
      if (failures === 1 && error.code === 'session_lost')
        return connect(state.generation, failures, [{ type: 'drop' }]);
      const isWorthIt = failures === 1 || error.retryable;
      return scheduleRetry(state, failures, error, around, { ...SESSION, retryable: isWorthIt });
    },
    tools_changed: (state) =>
      state.listing === 'no'
        ? {
            state: { ...state, listing: 'running' },
            effects: [{ type: 'list', generation: state.generation }],
          }
        : { state: { ...state, listing: 'stale' }, effects: [] },
    retry_due: stay,
    wanted: stay,
    wake: stay,
    close: (state) => close(state, []),
  },
  waiting: {
    opened: stay,
    listed: stay,
    failed: stay,
    lost: stay,
    tools_changed: stay,
    retry_due: (state) => connect(state.generation, state.failures, []),
    wanted: (state, _event, { now }) =>
      now >= callMayDialAt(state)
        ? connect(state.generation, state.failures, [{ type: 'stop_waiting' }])
        : stay(state),
    wake: (state) => connect(state.generation, 0, [{ type: 'stop_waiting' }]),
    close: (state) => close(state, [{ type: 'stop_waiting' }]),
  },
  needs_credentials: {
    opened: stay,
    listed: stay,
    failed: stay,
    lost: stay,
    tools_changed: stay,
    retry_due: stay,
    wanted: stay,
    wake: (state) => connect(state.generation, 0, []),
    close: (state) => close(state, []),
  },
  closed: {
    opened: stay,
    listed: stay,
    failed: stay,
    lost: stay,
    tools_changed: stay,
    retry_due: stay,
    wanted: stay,
    wake: stay,
    close: stay,
  },
};

function stay(state: ConnectionState): Transition {
  return { state, effects: [] };
}

function connect(lastGeneration: number, failures: number, before: ConnectionEffect[]): Transition {
  const generation = lastGeneration + 1;
  return {
    state: { name: 'connecting', generation, failures },
    effects: [...before, { type: 'open', generation }],
  };
}

function becomeReady(state: Of<'discovering'>, now: number): Transition {
  const { generation, failures, isStale } = state;
  const ready: Of<'ready'> = { name: 'ready', generation, failures, since: now, listing: 'no' };
  return isStale
    ? TABLE.ready.tools_changed(ready, { type: 'tools_changed', generation }, { now, random: 0 })
    : stay(ready);
}

function listAgainOr(state: Of<'ready'>, otherwise: 'no'): Transition {
  return state.listing === 'stale'
    ? { state: { ...state, listing: 'running' }, effects: [{ type: 'list', generation: state.generation }] }
    : stay({ ...state, listing: otherwise });
}

/** What a failure left behind. */
interface Loss {
  before: ConnectionEffect[];
  /** A session was open. */
  hadSession: boolean;
  retryable?: boolean;
}

const NO_SESSION: Loss = { before: [], hadSession: false };
const SESSION: Loss = { before: [{ type: 'drop' }], hadSession: true };

function scheduleRetry(
  { generation }: ConnectionState,
  failures: number,
  error: AppError,
  { now, random }: Circumstances,
  { before, hadSession, retryable = error.retryable }: Loss,
): Transition {
  // Trying again with the same key would only lock the account.
  if (isAboutCredential(error.code)) {
    return { state: { name: 'needs_credentials', generation, error }, effects: before };
  }
  const { retryAfterMs } = error;
  const delayMs = retryDelayMs(failures, { retryable, retryAfterMs, hadSession }, random);
  return {
    state: { name: 'waiting', generation, failures, error, since: now, retryAt: now + delayMs },
    effects: [...before, { type: 'wait', generation, delayMs }],
  };
}

/** Patchbay makes no request to the host for a while, over all tenants; of the server nothing was seen. */
export function isPutOff({ code }: AppError): boolean {
  return code === 'host_busy';
}

/**
 * From when on a call may end the wait: at once if only Patchbay limits its requests, but not before the time that the
 * server named, nor while the breaker is open.
 */
export function callMayDialAt({ failures, error, since, retryAt }: Of<'waiting'>): number {
  if (isPutOff(error)) return since;
  if (error.retryAfterMs !== undefined) return retryAt;
  return failures < BREAKER_FAILURES ? since : since + BREAKER_PAUSE_MS;
}

function close({ generation }: ConnectionState, before: ConnectionEffect[]): Transition {
  return { state: { name: 'closed', generation }, effects: [...before, { type: 'end' }] };
}
