import { expect, it } from 'vitest';
import { inTurns } from './in-turns.ts';

/** Counts the turns that others get until the work is done. */
async function turnsDuring(work: () => Promise<void>): Promise<number> {
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  await work();
  isDone = true;
  return turns;
}

it('does every item in order, and lets others have a turn as often as the cost asks for', async () => {
  const done: number[] = [];
  const items = Array.from({ length: 100 }, (_, place) => place);
  const work = (item: number) => {
    done.push(item);
    return 10;
  };
  expect(await turnsDuring(() => inTurns(items, work, 100))).toBeGreaterThanOrEqual(10);
  expect(done).toEqual(items);
});

it('does a little work at once', async () => {
  expect(await turnsDuring(() => inTurns([1, 2, 3], () => 1, 100))).toBe(0);
});

it('passes on what goes wrong', async () => {
  const fail = () => {
    throw new Error('It broke.');
  };
  await expect(inTurns([1], fail, 1)).rejects.toThrow('It broke.');
});
