import { expect, it } from 'vitest';
import { countRows, tableOf, type Row } from './report.ts';

const row = (attack: string, bound: string, outcome: Row['outcome'] = 'ok'): Row => ({
  attack,
  bound,
  measured: '5 MB',
  outcome,
});

it('a table of attacks names each attack once and aligns its columns', () => {
  const rows = [row('a flood', 'memory'), row('a flood', 'a|b', 'FAILED'), row('a drip', 'time')];
  expect(tableOf(rows).split('\n')).toEqual([
    '| attack  | bound  | measured | ok     |',
    '| ------- | ------ | -------- | ------ |',
    '| a flood | memory | 5 MB     | ok     |',
    '|         | a\\|b   | 5 MB     | FAILED |',
    '| a drip  | time   | 5 MB     | ok     |',
  ]);
});

it('each row of the table of attacks counts as a test', () => {
  const rows = [row('a', 'x'), row('a', 'y', 'FAILED'), row('b', 'x', 'skipped')];
  expect(countRows(rows)).toEqual({ passed: 1, failed: 1, skipped: 1 });
});

it('a run that measured nothing is not a success', () => {
  expect(() => countRows([])).toThrow();
});
