import { describe, expect, it } from 'vitest';
import { percentOf } from './format-progress.ts';

describe('percentOf', () => {
  it.each([
    [{ progress: 3, total: 10 }, 30],
    [{ progress: 12, total: 10 }, 100],
    [{ progress: -1, total: 10 }, 0],
    [{ progress: 3, total: 0 }, null],
    [{ progress: 3, total: -3 }, null],
    [{ progress: 3 }, null],
    [undefined, null],
  ])('%o is %s', (progress, percent) => {
    expect(percentOf(progress)).toBe(percent);
  });
});
