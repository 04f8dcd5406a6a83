import { describe, expect, it } from 'vitest';
import { dayInZone, readZone, remembersOffset, zoneCookie, timeInZone } from './time-zone.ts';

describe('time zones', () => {
  it('are accepted only when the runtime knows them', () => {
    expect(readZone('Asia/Tokyo')).toBe('Asia/Tokyo');
    expect(readZone('Asia/Tokyo -540')).toBe('Asia/Tokyo');
    expect(readZone(undefined)).toBe('UTC');
    expect(readZone('Middle/Earth')).toBe('UTC');
    expect(readZone('"><script>')).toBe('UTC');
  });

  it('are looked up again when the offset changes', () => {
    const cookies = `theme=dark; zone=${zoneCookie('Asia/Tokyo', -540)}; other=%20-60`;
    expect(remembersOffset(cookies, -540)).toBe(true);
    expect(remembersOffset(cookies, -60)).toBe(false);
    expect(remembersOffset(cookies, 540)).toBe(false);
    expect(remembersOffset('', 0)).toBe(false);
    expect(remembersOffset('zone=Asia%2FTokyo', -540)).toBe(false);
    expect(decodeURIComponent(zoneCookie('Asia/Tokyo', -540))).toBe('Asia/Tokyo -540');
  });

  it('change the hour and, where needed, the day', () => {
    expect(timeInZone('2026-11-22T22:05:00Z', 'Asia/Tokyo')).toBe('Nov 23, 2026, 7:05 AM');
    expect(timeInZone('2026-11-22 22:05:00+00', 'UTC')).toBe('Nov 22, 2026, 10:05 PM UTC');
    expect(dayInZone('2026-11-22T22:05:00Z', 'Asia/Tokyo')).toBe('Nov 23, 2026');
  });
});
