import { expect, it } from 'vitest';
import { formatCount } from './format-count.ts';

it('uses the singular for one, and separates thousands', () => {
  expect([0, 1, 2, 1200].map((count) => formatCount(count, 'server'))).toEqual([
    '0 servers',
    '1 server',
    '2 servers',
    '1,200 servers',
  ]);
});
