import { expect, it } from 'vitest';
import { dayOf, describeDay, formatNextProbe } from './uptime.ts';

const now = Date.parse('2026-11-25T12:30:00Z');
const pulse = {
  dueAt: null,
  hours: [
    { hour: '2026-11-24T12:00:00Z', checks: 9, failures: 9 },
    { hour: '2026-11-25T10:00:00Z', checks: 4, failures: 4 },
    { hour: '2026-11-25T11:00:00Z', checks: 4, failures: 1 },
    { hour: '2026-11-25T12:00:00+00:00', checks: 2, failures: 0 },
  ],
};

it('shows the last 24 hours, ending with the current one', () => {
  const day = dayOf(pulse, now);
  expect(day).toHaveLength(24);
  expect(day.slice(-4)).toEqual(['none', 'bad', 'mixed', 'good']);
  expect(day.filter((hour) => hour === 'bad')).toHaveLength(1);
});

it('describes the uptime in a sentence', () => {
  expect(describeDay({ dueAt: null, hours: [] })).toBe('No checks in the last 24 hours');
  expect(describeDay({ ...pulse, hours: pulse.hours.slice(2) })).toBe(
    '83.3% of 6 checks passed in the last 24 hours',
  );
});

it('says when the next retry is while it is in the future', () => {
  expect(
    ['2026-11-25T12:30:24Z', '2026-11-25T12:35:00Z', '2026-11-25T12:29:00Z', null].map((at) =>
      formatNextProbe(at, now),
    ),
  ).toEqual(['Retrying in 24 s.', 'Retrying in 5 min.', '', '']);
});
