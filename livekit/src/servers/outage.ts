/**
 * The outage of a server in a conversation: its tools stay for a grace period, in which calls fail at once with the
 * reason; then they are withdrawn until the server is back. Pure: `server-link` keeps the time.
 */
import type { AppError } from '@patchbay/shared/contract/errors';
import type { LinkState } from './link-state.ts';

/** How long the tools of an offline server stay: most restarts take less. */
export const GRACE_MS = 60_000;

export interface Outage {
  /** Monotonic, in ms. */
  sinceMs: number;
  /** Why the last attempt failed. */
  error: AppError;
}

/** The outage of a link in this state; it ends when the server has listed its tools again. */
export function nextOutage(outage: Outage | null, state: LinkState, nowMs: number): Outage | null {
  if (state.name === 'ready') return null;
  if ('error' in state) return { sinceMs: outage?.sinceMs ?? nowMs, error: state.error };
  return outage;
}

/** How much longer the tools stay, in ms; 0 when they are withdrawn, null without an outage. */
export function graceLeftMs(outage: Outage | null, nowMs: number): number | null {
  return outage && Math.max(0, outage.sinceMs + GRACE_MS - nowMs);
}
