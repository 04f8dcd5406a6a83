import { expect, it } from 'vitest';
import { retryDelayMs } from './backoff.ts';

const broken = { retryable: true };

it('retries soon, then less and less often, up to a cap', () => {
  const longest = [1, 2, 3, 4, 5, 6, 50].map((failures) => retryDelayMs(failures, broken, 1));
  expect(longest).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
});

it('spreads retries over the whole delay, so clients that fail together do not return together', () => {
  expect(retryDelayMs(4, broken, 0)).toBe(0);
  expect(retryDelayMs(4, broken, 0.5)).toBe(2_000);
});

it('probes rarely what only the user can fix', () => {
  expect(retryDelayMs(1, { retryable: false }, 0)).toBe(30_000);
  expect(retryDelayMs(1, { retryable: false }, 1)).toBe(60_000);
});

it('respects the retry time of the server up to a limit', () => {
  expect(retryDelayMs(1, { retryable: true, retryAfterMs: 7_000 }, 0.5)).toBe(7_500);
  expect(retryDelayMs(1, { retryable: true, retryAfterMs: 86_400_000 }, 0)).toBe(300_000);
});

it('does not reconnect in step to many servers that fail together', () => {
  // Any even spread will do for chance here, as long as it is the same in each run.
  const servers = Array.from({ length: 200 }, (_, i) => ((i * 0.618_034) % 1) * 0.999);
  for (const failures of [1, 3, 6]) {
    const dials = servers.map((random) => retryDelayMs(failures, broken, random)).sort((a, b) => a - b);
    const span = retryDelayMs(failures, broken, 1);
    const inWindow = dials.map((start) => dials.filter((at) => at >= start && at < start + span / 20).length);
    expect(Math.max(...inWindow)).toBeLessThan(servers.length / 10);
  }
  const rateLimited = { retryable: true, retryAfterMs: 5_000 };
  const dials = new Set(servers.map((random) => Math.floor(retryDelayMs(1, rateLimited, random) / 100)));
  expect(dials.size).toBeGreaterThanOrEqual(10);
});
