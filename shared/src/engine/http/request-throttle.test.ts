import { describe, expect, it } from 'vitest';
import { RequestThrottle } from './request-throttle.ts';

const LISTS = { firstMs: 1_000, longestMs: 30_000, calmMs: 15_000 };

/** The times of requests within `totalMs`, when each is wanted so long after the one before was sent. */
function timesOf(afterMs: number, totalMs: number): number[] {
  const throttle = new RequestThrottle(LISTS);
  const times: number[] = [];
  for (let wantedAt = 0; ; wantedAt = (times.at(-1) ?? 0) + afterMs) {
    const at = wantedAt + throttle.plan(wantedAt);
    if (at > totalMs) return times;
    times.push(at);
  }
}

describe('the request throttle', () => {
  it('lets the first request through at once', () => {
    expect(new RequestThrottle(LISTS).plan(5)).toBe(0);
  });

  it('delays continuous requests by one second, doubling to thirty', () => {
    expect(timesOf(5, 60_000)).toEqual([0, 1_000, 3_000, 7_000, 15_000, 31_000]);
    const gaps = timesOf(0, 600_000).map((time, at, all) => time - (all[at - 1] ?? time));
    expect(Math.max(...gaps)).toBe(30_000);
    expect(gaps.slice(7).every((gap) => gap === 30_000)).toBe(true);
  });

  it('does not delay rare requests', () => {
    expect(timesOf(20_000, 60_000)).toEqual([0, 20_000, 40_000, 60_000]);
  });

  it('resets its delay only after a calm period', () => {
    const throttle = new RequestThrottle(LISTS);
    let now = 0;
    for (let count = 0; count < 8; count += 1) now += throttle.plan(now);
    expect(throttle.plan(now + 20_000)).toBeGreaterThan(0);
    const later = now + 30_000 + 60_000;
    expect(throttle.plan(later)).toBe(0);
    expect(throttle.plan(later)).toBe(1_000);
  });

  it('treats a clock that goes back as no time passed', () => {
    const throttle = new RequestThrottle(LISTS);
    throttle.plan(10_000);
    expect(throttle.plan(9_000)).toBe(1_000);
  });
});
