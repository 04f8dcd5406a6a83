/** How one call waits for its connection: with one attempt of its own, and a little patience. */
import { AppError } from '../../contract/errors.ts';
import type { ActiveSession } from '../calls/call-queue.ts';
import { callMayDialAt, type ConnectionState } from './machine.ts';

/** How long a tool call waits for an unreachable server before it fails with the reason. */
const PATIENCE_MS = 2_000;

/** A connection as one who waits for it sees it. */
export interface WaitedFor {
  read: () => { state: ConnectionState; active: ActiveSession | null; downBecause: AppError | null };
  /** Tells the connection that a call needs it. */
  want: () => void;
  /** Wall clock in milliseconds, as in the states. */
  now: () => number;
  /** Called at each new state. */
  watchers: Set<() => void>;
}

/**
 * Waits for an open session; a connection that is down gets one attempt for this call, and a little time.
 * @throws AppError why the server cannot be used; the reason of the signal when that ends the wait
 */
export function waitForSession(connection: WaitedFor, signal: AbortSignal): Promise<ActiveSession> {
  const first = connection.read();
  if (first.active && !signal.aborted) return Promise.resolve(first.active);
  const { promise, resolve, reject } = Promise.withResolvers<ActiveSession>();
  const patientUntil = connection.now() + PATIENCE_MS;
  let isPatient = true;
  let isOwedAnAttempt = true;
  let dialTimer: ReturnType<typeof setTimeout> | undefined;

  const dial = () => {
    dialTimer = undefined;
    connection.want();
    // Timers do not keep to the clock: one that rang too early is set again.
    settle();
  };
  const settle = () => {
    const { state, active, downBecause } = connection.read();
    // An attempt that began before this call may have missed that the server is back.
    if (state.name === 'connecting' && state.generation !== first.state.generation) isOwedAnAttempt = false;
    if (signal.aborted) reject(signal.reason);
    else if (active) resolve(active);
    else if (state.name === 'closed') reject(closedError());
    else if (state.name === 'needs_credentials') reject(state.error);
    else if (state.name === 'waiting' && isOwedAnAttempt && callMayDialAt(state) <= patientUntil)
      dialTimer ??= setTimeout(dial, Math.max(1, callMayDialAt(state) - connection.now()));
    else if (state.name === 'waiting' && state.retryAt > patientUntil) reject(state.error);
    else if (!isPatient && downBecause) reject(downBecause);
  };
  const patience = setTimeout(() => {
    isPatient = false;
    settle();
  }, PATIENCE_MS);

  connection.watchers.add(settle);
  signal.addEventListener('abort', settle, { once: true });
  dial();
  return promise.finally(() => {
    clearTimeout(patience);
    clearTimeout(dialTimer);
    connection.watchers.delete(settle);
    signal.removeEventListener('abort', settle);
  });
}

/** What a call on a closed connection meets. */
export function closedError(): AppError {
  return new AppError('cancelled', { message: 'The connection to the server was closed.' });
}
