import { expect, it } from 'vitest';
import { nextRestartDelayMs } from './restart-delay.ts';

it('the restart delay doubles with each crash, up to half a minute, and never falls below its base', () => {
  expect([0, 1, 2, 3, 4].map((crashes) => nextRestartDelayMs(500, crashes))).toEqual([
    500, 500, 1000, 2000, 4000,
  ]);
  expect(nextRestartDelayMs(500, 20)).toBe(30_000);
  expect(nextRestartDelayMs(60_000, 1)).toBe(60_000);
});
