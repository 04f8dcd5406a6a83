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

it('a fair queue serves one caller in order and several in turns', () => {
  expect(order('aaaabb')).toBe('ababaa');
  expect(order('aaaabbcc')).toBe('abcabcaa');
});

it('a late caller neither passes waiting callers nor makes up for its absence', () => {
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

it('a full queue refuses all but the first tool call of another caller', () => {
  expect(order('aaaa', 2)).toBe('aa');
  expect(order('aaaabbb', 2)).toBe('aba');
  const turns = new FairQueue(1);
  expect(turns.take('a')).not.toBeNull();
  turns.leave('a');
  expect(turns.take('a')).not.toBeNull();
});
