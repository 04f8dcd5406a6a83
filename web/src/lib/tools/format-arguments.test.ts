import { describe, expect, it } from 'vitest';
import { argumentWords } from './format-arguments.ts';

describe('argumentWords', () => {
  it.each([
    [{ city: 'Tokyo' }, 'city: "Tokyo"'],
    [{ from: 'Rome', seconds: 5, tags: ['a'] }, 'from: "Rome", seconds: 5, tags: ["a"]'],
    [{}, ''],
    [null, ''],
    [undefined, ''],
    [['a', 1], '["a",1]'],
  ])('%j is %s', (args, words) => {
    expect(argumentWords(args)).toBe(words);
  });

  it('truncates long arguments', () => {
    expect(argumentWords({ text: 'x'.repeat(500) })).toHaveLength(161);
  });
});
