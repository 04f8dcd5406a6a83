import { describe, expect, it } from 'vitest';
import { dayInZone, readZone, remembersOffset, zoneCookie, timeInZone } from './time-zone.ts';

describe('time zones', () => {
  it('are those that the runtime knows', () => {
    expect(readZone('Asia/Tokyo')).toBe('Asia/Tokyo');
    expect(readZone('Asia/Tokyo -540')).toBe('Asia/Tokyo');
    expect(readZone(undefined)).toBe('UTC');
    expect(readZone('Middle/Earth')).toBe('UTC');
    expect(readZone('"><script>')).toBe('UTC');
  });

  it('are looked up again when the clock is another one', () => {
    const cookies = `theme=dark; zone=${zoneCookie('Asia/Tokyo', -540)}; other=%20-60`;
    expect(remembersOffset(cookies, -540)).toBe(true);
    expect(remembersOffset(cookies, -60)).toBe(false);
    expect(remembersOffset(cookies, 540)).toBe(false);
    expect(remembersOffset('', 0)).toBe(false);
    expect(remembersOffset('zone=Asia%2FTokyo', -540)).toBe(false);
    expect(decodeURIComponent(zoneCookie('Asia/Tokyo', -540))).toBe('Asia/Tokyo -540');
  });

  it('move the hour and, where it must be, the day', () => {
    expect(timeInZone('2026-11-22T22:05:00Z', 'Asia/Tokyo')).toBe('23 Nov 2026, 07:05');
    expect(timeInZone('2026-11-22 22:05:00+00', 'UTC')).toBe('22 Nov 2026, 22:05 UTC');
    expect(dayInZone('2026-11-22T22:05:00Z', 'Asia/Tokyo')).toBe('23 Nov 2026');
  });
});
