import { expect, it } from 'vitest';
import { Selection } from './selection.svelte.ts';

const order = ['a', 'b', 'c', 'd', 'e'];

it('selects single rows, and ranges from the last one in both directions', () => {
  const selection = new Selection();
  selection.toggle('d', order, false);
  selection.toggle('b', order, true);
  expect([...selection.ids].sort()).toEqual(['b', 'c', 'd']);
  selection.toggle('d', order, true);
  expect([...selection.ids]).toEqual([]);
});

it('a range without a visible start selects one row', () => {
  const selection = new Selection();
  selection.toggle('c', order, true);
  expect([...selection.ids]).toEqual(['c']);
  selection.toggle('e', ['d', 'e'], true);
  expect([...selection.ids].sort()).toEqual(['c', 'e']);
});
