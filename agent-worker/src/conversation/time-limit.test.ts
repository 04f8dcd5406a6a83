import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TimeLimit } from './time-limit.ts';

const MINUTE_MS = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function limitOf(minutes: number | null) {
  const events: string[] = [];
  const limit = new TimeLimit({
    onWarning: (leftMs) => events.push(`${Math.round(leftMs / 1_000)} s left`),
    onOver: () => events.push('over'),
  });
  const endIn = (next: number | null) => limit.endIn(next === null ? null : next * MINUTE_MS);
  endIn(minutes);
  return { limit, events, endIn };
}
const after = (minutes: number) => vi.advanceTimersByTimeAsync(minutes * MINUTE_MS);

describe('the time limit of a conversation', () => {
  it('warns five minutes and one minute before the end, and ends', async () => {
    const { events } = limitOf(120);
    await after(114.9);
    expect(events).toEqual([]);
    await after(0.2);
    expect(events).toEqual(['300 s left']);
    await after(4);
    expect(events).toEqual(['300 s left', '60 s left']);
    await after(1);
    expect(events).toEqual(['300 s left', '60 s left', 'over']);
  });

  it('warns once, however often it hears the same limit again', async () => {
    const { events, endIn } = limitOf(6);
    for (let left = 5.5; left > 0; left -= 0.5) {
      await after(0.5);
      endIn(left + 0.01);
    }
    await after(1);
    expect(events).toEqual(['300 s left', '60 s left', 'over']);
  });

  it('warns at once of an end that suddenly comes close, and not of one that is already here', async () => {
    const { events, endIn } = limitOf(120);
    endIn(0.5);
    expect(events).toEqual(['30 s left']);
    await after(0.5);
    expect(events).toEqual(['30 s left', 'over']);
    const past = limitOf(0);
    await after(0.01);
    expect(past.events).toEqual(['over']);
  });

  it('goes on when the limit is raised, and warns anew', async () => {
    const { events, endIn } = limitOf(5.5);
    await after(1);
    endIn(60);
    await after(54);
    expect(events).toEqual(['300 s left']);
    await after(6);
    expect(events).toEqual(['300 s left', '300 s left', '60 s left', 'over']);
  });

  it('never ends a conversation without a limit, one whose limit was lifted, or one that was stopped', async () => {
    const free = limitOf(null);
    const lifted = limitOf(10);
    lifted.endIn(null);
    const stopped = limitOf(10);
    stopped.limit.stop();
    const far = limitOf(100 * 24 * 60);
    await after(60 * 24 * 60);
    expect([free.events, lifted.events, stopped.events, far.events]).toEqual([[], [], [], []]);
    await after(40 * 24 * 60);
    expect(far.events).toEqual(['300 s left', '60 s left', 'over']);
  });
});
