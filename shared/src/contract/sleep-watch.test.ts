import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { watchForSleep } from './sleep-watch.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('notices each sleep once, and nothing on a machine that is only busy', () => {
  let sleptMs = 0;
  const onWake = vi.fn();
  const stop = watchForSleep(onWake, 15_000, () => Date.now() + sleptMs);
  vi.advanceTimersByTime(60_000);
  sleptMs += 10_000;
  vi.advanceTimersByTime(5_000);
  expect(onWake).not.toHaveBeenCalled();
  sleptMs += 3_600_000;
  vi.advanceTimersByTime(5_000);
  expect(onWake).toHaveBeenCalledOnce();

  stop();
  sleptMs += 3_600_000;
  vi.advanceTimersByTime(5_000);
  expect(onWake).toHaveBeenCalledOnce();
});
