/** How one call waits for its connection: with one attempt of its own, and a little patience. */
import { AppError } from '../../contract/errors.ts';
import type { OpenLine } from '../calls/calls.ts';
import { callMayDialAt, type ConnectionState } from './machine.ts';

/** How long a call overlooks that the server cannot be reached, before it fails with the reason. */
const PATIENCE_MS = 2_000;

/** A connection as one who waits for it sees it. */
export interface WaitedFor {
  look: () => { state: ConnectionState; line: OpenLine | null; downBecause: AppError | null };
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
export function whenOpen(connection: WaitedFor, signal: AbortSignal): Promise<OpenLine> {
  const first = connection.look();
  if (first.line && !signal.aborted) return Promise.resolve(first.line);
  const { promise, resolve, reject } = Promise.withResolvers<OpenLine>();
  const patientUntil = connection.now() + PATIENCE_MS;
  let isPatient = true;
  let isOwedAnAttempt = true;
  let dialTimer: ReturnType<typeof setTimeout> | undefined;

  const dial = () => {
    dialTimer = undefined;
    connection.want();
    // Timers do not keep to the clock: one that rang too early is set again.
    look();
  };
  const look = () => {
    const { state, line, downBecause } = connection.look();
    // An attempt that began before this call may have missed that the server is back.
    if (state.name === 'connecting' && state.generation !== first.state.generation) isOwedAnAttempt = false;
    if (signal.aborted) reject(signal.reason);
    else if (line) resolve(line);
    else if (state.name === 'closed') reject(closedError());
    else if (state.name === 'needs_credentials') reject(state.error);
    else if (state.name === 'waiting' && isOwedAnAttempt && callMayDialAt(state) <= patientUntil)
      dialTimer ??= setTimeout(dial, Math.max(1, callMayDialAt(state) - connection.now()));
    else if (state.name === 'waiting' && state.retryAt > patientUntil) reject(state.error);
    else if (!isPatient && downBecause) reject(downBecause);
  };
  const patience = setTimeout(() => {
    isPatient = false;
    look();
  }, PATIENCE_MS);

  connection.watchers.add(look);
  signal.addEventListener('abort', look, { once: true });
  dial();
  return promise.finally(() => {
    clearTimeout(patience);
    clearTimeout(dialTimer);
    connection.watchers.delete(look);
    signal.removeEventListener('abort', look);
  });
}

/** What a call on a closed connection meets. */
export function closedError(): AppError {
  return new AppError('cancelled', { message: 'The connection to the server was closed.' });
}
