import { describe, expect, it } from 'vitest';
import { describeCertificate, formatOutage, formatUptime } from './format-history.ts';

const now = Date.parse('2026-11-22T12:00:00Z');

describe('server history labels', () => {
  it('never round an outage away', () => {
    expect([null, 1, 0.99999, 0.5, 0].map(formatUptime)).toEqual(['–', '100%', '99.99%', '50.00%', '0.00%']);
  });

  it('state the length of an incident, or that it is ongoing', () => {
    const started_at = '2026-11-22T10:30:00+00:00';
    expect(formatOutage({ started_at, ended_at: '2026-11-22T10:30:42+00:00' }, now)).toBe('for 42 s');
    expect(formatOutage({ started_at, ended_at: '2026-11-22T11:15:00+00:00' }, now)).toBe('for 45 min');
    expect(formatOutage({ started_at, ended_at: null }, now)).toBe('ongoing for 1 h 30 min');
  });

  it('warn before a certificate expires', () => {
    expect(describeCertificate(null, now, 'UTC')).toBeNull();
    expect(describeCertificate('2027-03-01T00:00:00Z', now, 'UTC')?.tone).toBe('off');
    expect(describeCertificate('2026-12-01T00:00:00Z', now, 'UTC')).toEqual({
      text: 'The certificate expires on Dec 1, 2026.',
      tone: 'warn',
    });
    expect(describeCertificate('2026-11-01T00:00:00Z', now, 'UTC')?.text).toContain('expired');
  });
});
