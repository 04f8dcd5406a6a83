/**
 * A server that is down, as a conversation lives it: its tools stay for a grace time, in which a call fails
 * at once with the reason; then they leave until the server is back. Pure: `server-link` keeps the time.
 */
import type { AppError } from '@patchbay/shared/contract/errors';
import type { LinkState } from './link-state.ts';

/** How long the tools of a server that is down stay with the model: most restarts are over by then. */
export const GRACE_MS = 60_000;

export interface Outage {
  /** Clock of the link, ms. */
  sinceMs: number;
  /** Why the last attempt failed. */
  error: AppError;
}

/** The outage of a link in this state. Only a server that has listed its tools again ends one. */
export function nextOutage(outage: Outage | null, state: LinkState, nowMs: number): Outage | null {
  if (state.name === 'ready') return null;
  if ('error' in state) return { sinceMs: outage?.sinceMs ?? nowMs, error: state.error };
  return outage;
}

/** How much longer the tools stay, in ms; 0 when they have to go, null when there is no outage. */
export function graceLeftMs(outage: Outage | null, nowMs: number): number | null {
  return outage && Math.max(0, outage.sinceMs + GRACE_MS - nowMs);
}
