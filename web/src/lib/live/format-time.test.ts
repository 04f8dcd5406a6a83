import { describe, expect, it } from 'vitest';
import { formatDuration, formatElapsed, timeAgo } from './format-time.ts';

const now = Date.parse('2026-11-22T12:00:00Z');

describe('timeAgo', () => {
  it.each([
    ['2026-11-22T11:59:58Z', 'just now'],
    ['2026-11-22T11:59:48+00:00', '12 seconds ago'],
    ['2026-11-22T11:58:30Z', '1 minute ago'],
    ['2026-11-22T09:30:00Z', '2 hours ago'],
    ['2026-11-21T09:30:00Z', 'yesterday'],
    ['2026-11-12T09:30:00Z', '10 days ago'],
    ['2026-11-22T12:00:30Z', 'just now'],
    [null, 'never'],
  ])('%s is %s', (then, words) => {
    expect(timeAgo(then, now)).toBe(words);
  });
});

describe('durations', () => {
  it('are abbreviated', () => {
    expect([0.3, 4.4, 999, 1240, 30_000, null].map(formatDuration)).toEqual([
      '<1 ms',
      '4 ms',
      '999 ms',
      '1.2 s',
      '30 s',
      '–',
    ]);
  });

  it('of a conversation are minutes and seconds', () => {
    expect([0, 134_000, 3_725_000].map(formatElapsed)).toEqual(['00:00', '02:14', '62:05']);
  });
});
