import { describe, expect, it } from 'vitest';
import { median, percentile, summarize } from './statistics.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('median', () => {
  it('takes the middle, in any order of the samples', () => {
    expect(median([9, 1, 5])).toBe(5);
  });
  it('takes the mean of the two in the middle of an even number', () => {
    expect(median([10, 1, 4, 2])).toBe(3);
  });
  it('orders by value, not by text', () => {
    expect(median([100, 20, 3])).toBe(20);
  });
  it('has nothing to say without samples', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('percentile', () => {
  it('is the nearest rank: a value that was measured', () => {
    expect(percentile(upTo(30), 95)).toBe(29);
    expect(percentile(upTo(100), 95)).toBe(95);
    expect(percentile(upTo(20), 50)).toBe(10);
  });
  it('is the largest at 100 and of a single sample', () => {
    expect(percentile(upTo(30), 100)).toBe(30);
    expect(percentile([7], 95)).toBe(7);
  });
  it('refuses what is no percent', () => {
    expect(() => percentile([1], 0)).toThrow(RangeError);
    expect(() => percentile([1], 101)).toThrow(RangeError);
  });
});

describe('summarize', () => {
  it('leaves the samples as they are', () => {
    const samples = [3, 1, 2];
    expect(summarize(samples)).toEqual({ count: 3, medianMs: 2, p95Ms: 3, minMs: 1, maxMs: 3 });
    expect(samples).toEqual([3, 1, 2]);
  });
});
