import { expect, test } from 'vitest';
import { createRateLimit } from './rate-limit.ts';

test('a bucket gives out its burst, and refills at its rate', () => {
  let now = 0;
  const limit = createRateLimit({ burst: 3, perSecond: 0.5 }, () => now);
  expect([1, 2, 3, 4].map(() => limit.take('a'))).toEqual([true, true, true, false]);
  now = 1_999;
  expect(limit.take('a')).toBe(false);
  now = 2_000;
  expect([limit.take('a'), limit.take('a')]).toEqual([true, false]);
  now = 1_000_000;
  expect([1, 2, 3, 4].map(() => limit.take('a'))).toEqual([true, true, true, false]);
});

test('each key has a bucket of its own, also when there are many', () => {
  const limit = createRateLimit({ burst: 1, perSecond: 0.5 }, () => 0);
  limit.take('empty');
  for (let i = 0; i < 5_000; i += 1) expect(limit.take(String(i))).toBe(true);
  expect(limit.take('empty')).toBe(false);
});
