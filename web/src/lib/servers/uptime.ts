import type { ServerPulse } from './pulses.svelte.ts';

const HOUR_MS = 3_600_000;

export type HourState = 'none' | 'good' | 'mixed' | 'bad';

/** The last 24 hours, oldest first; an hour without checks is `none`. @param now milliseconds since the epoch */
export function dayOf({ hours }: ServerPulse, now: number): HourState[] {
  const last = Math.floor(now / HOUR_MS);
  const known = new Map(hours.map((one) => [Math.floor(Date.parse(one.hour) / HOUR_MS), one]));
  return Array.from({ length: 24 }, (_, index) => {
    const one = known.get(last - 23 + index);
    if (!one || one.checks === 0) return 'none';
    if (one.failures === 0) return 'good';
    return one.failures === one.checks ? 'bad' : 'mixed';
  });
}

/** `99.2% of 120 checks passed in the last 24 hours`; a sentence for who cannot see the bar. */
export function describeDay({ hours }: ServerPulse): string {
  const checks = hours.reduce((sum, one) => sum + one.checks, 0);
  const failures = hours.reduce((sum, one) => sum + one.failures, 0);
  if (checks === 0) return 'No checks in the last 24 hours';
  const share = ((checks - failures) / checks) * 100;
  return `${share === 100 ? '100' : share.toFixed(1)}% of ${checks} checks passed in the last 24 hours`;
}

/** When a server is probed next; empty if that time has passed. @param now milliseconds since the epoch */
export function formatNextProbe(dueAt: string | null, now: number): string {
  const seconds = dueAt ? Math.round((Date.parse(dueAt) - now) / 1000) : 0;
  if (seconds <= 0) return '';
  return seconds < 90 ? `Retrying in ${seconds} s.` : `Retrying in ${Math.round(seconds / 60)} min.`;
}
