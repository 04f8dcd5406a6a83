import { expect, it } from 'vitest';
import { IsolationTurns } from './isolation-turns.ts';

it('admits one isolated probe at a time', () => {
  const turns = new IsolationTurns();
  expect(turns.take('ada', 0)).toBe(true);
  expect(turns.take('ada', 1)).toBe(false);
  turns.release();
  expect(turns.take('ada', 2)).toBe(true);
});

it('gives the next turn to the waiting owner, however many servers another one has', () => {
  const turns = new IsolationTurns();
  const askTimes = (times: number, nowMs: number) =>
    Array.from({ length: times }, () => turns.take('many', nowMs)).filter(Boolean).length;
  expect(askTimes(200, 0)).toBe(1);
  expect(turns.take('bob', 1_000)).toBe(false);
  turns.release();
  expect(askTimes(200, 2_000)).toBe(1);
  turns.release();
  expect(askTimes(200, 3_000)).toBe(0);
  expect(turns.take('bob', 6_000)).toBe(true);
});

it('waits for an owner who does not come back for 15 s', () => {
  const turns = new IsolationTurns();
  turns.take('ada', 0);
  turns.take('bob', 0);
  turns.release();
  expect(turns.take('ada', 10_000)).toBe(false);
  expect(turns.take('ada', 16_000)).toBe(true);
});
