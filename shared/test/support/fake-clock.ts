/** Connections on a clock that stands still until time is passed. */
import { vi } from 'vitest';
import { connect } from './connect.ts';

export const MINUTE_MS = 60_000;
const STEP_MS = 250;
/** What the sockets, whose time is real, get in each step. */
const REAL_MS = 6;
const realTimeout = globalThis.setTimeout;

/** Opens a connection whose timers and clock are fake until the end of the test. */
export function connectOnFakeClock(url: string) {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  });
  return connect({ url });
}

/** Lets time pass in steps, with real time for the sockets between them. */
export async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += STEP_MS) {
    await vi.advanceTimersByTimeAsync(STEP_MS);
    await new Promise((resolve) => realTimeout(resolve, REAL_MS));
  }
}

/** Lets time pass until the connection is ready. */
export async function untilReady(made: ReturnType<typeof connect>) {
  for (let tries = 0; made.connection.state.name !== 'ready' && tries < 500; tries += 1) await pass(STEP_MS);
  return made;
}
