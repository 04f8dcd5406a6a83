import { expect, it } from 'vitest';
import { FairQueue } from './fair-queue.ts';

/** Takes a turn for each letter; the order in which they come, and null where there was no room. */
function order(asked: string, limit = 100): string {
  const turns = new FairQueue(limit);
  return [...asked]
    .map((caller) => ({ caller, turn: turns.take(caller) }))
    .filter(({ turn }) => turn !== null)
    .sort((a, b) => Number(a.turn) - Number(b.turn))
    .map(({ caller }) => caller)
    .join('');
}

it('one caller is served in order, several by turns', () => {
  expect(order('aaaabb')).toBe('ababaa');
  expect(order('aaaabbcc')).toBe('abcabcaa');
});

it('who comes late does not come before those who waited, nor make up for the time away', () => {
  const turns = new FairQueue(100);
  const first = turns.take('a') ?? 0;
  const second = turns.take('a') ?? 0;
  turns.begin('a', first);
  const late = turns.take('b') ?? 0;
  expect(late).toBeGreaterThanOrEqual(second);
  turns.begin('a', second);
  turns.begin('b', late);
  expect(turns.take('c')).toBe(turns.take('d'));
});

it('a full queue refuses, but for the first call of somebody else', () => {
  expect(order('aaaa', 2)).toBe('aa');
  expect(order('aaaabbb', 2)).toBe('aba');
  const turns = new FairQueue(1);
  expect(turns.take('a')).not.toBeNull();
  turns.leave('a');
  expect(turns.take('a')).not.toBeNull();
});
