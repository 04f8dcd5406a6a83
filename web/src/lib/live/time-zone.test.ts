import { describe, expect, it } from 'vitest';
import { dayInZone, readZone, timeInZone } from './time-zone.ts';

describe('time zones', () => {
  it('are those that the runtime knows', () => {
    expect(readZone('Asia/Tokyo')).toBe('Asia/Tokyo');
    expect(readZone(undefined)).toBe('UTC');
    expect(readZone('Middle/Earth')).toBe('UTC');
    expect(readZone('"><script>')).toBe('UTC');
  });

  it('move the hour and, where it must be, the day', () => {
    expect(timeInZone('2026-11-22T22:05:00Z', 'Asia/Tokyo')).toBe('23 Nov 2026, 07:05');
    expect(timeInZone('2026-11-22 22:05:00+00', 'UTC')).toBe('22 Nov 2026, 22:05 UTC');
    expect(dayInZone('2026-11-22T22:05:00Z', 'Asia/Tokyo')).toBe('23 Nov 2026');
  });
});
