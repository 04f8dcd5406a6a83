import { expect, it } from 'vitest';
import { pause } from './pause.ts';

it('a pause reports whether its time passed or its signal ended it', async () => {
  expect(await pause(1, new AbortController().signal)).toBe(true);
  const stop = new AbortController();
  const cut = pause(60_000, stop.signal);
  stop.abort();
  expect(await cut).toBe(false);
  expect(await pause(60_000, AbortSignal.abort())).toBe(false);
});
