import { describe, expect, it } from 'vitest';
import { formatArguments } from './format-arguments.ts';

describe('formatArguments', () => {
  it.each([
    [{ city: 'Tokyo' }, 'city: "Tokyo"'],
    [{ from: 'Rome', seconds: 5, tags: ['a'] }, 'from: "Rome", seconds: 5, tags: ["a"]'],
    [{}, ''],
    [null, ''],
    [undefined, ''],
    [['a', 1], '["a",1]'],
  ])('%j is %s', (args, words) => {
    expect(formatArguments(args)).toBe(words);
  });

  it('truncates long arguments', () => {
    expect(formatArguments({ text: 'x'.repeat(500) })).toHaveLength(161);
  });
});
