import { dayInZone } from '$lib/live/time-zone.ts';
import type { IncidentRow } from './history.server.ts';
import type { Tone } from '$lib/servers/state-labels.ts';

const DAY_MS = 86_400_000;
/** As in the monitor's notices. */
const WARNED_DAYS = 14;

/** A percentage, rounded down: 99.99% is not 100%. */
export function formatUptime(share: number | null): string {
  if (share === null) return '–';
  if (share === 1) return '100%';
  return `${(Math.floor(share * 10_000) / 100).toFixed(2)}%`;
}

/** The duration of an incident, or that it lasts. @param now milliseconds since the epoch */
export function formatOutage(
  { started_at: start, ended_at: end }: Pick<IncidentRow, 'started_at' | 'ended_at'>,
  now: number,
): string {
  const length = formatLength((end ? Date.parse(end) : now) - Date.parse(start));
  return end ? `for ${length}` : `ongoing for ${length}`;
}

/**
 * When a certificate expires; null if there is none.
 * @param now milliseconds since the epoch
 * @param zone of the reader
 */
export function describeCertificate(
  expiresAt: string | null,
  now: number,
  zone: string,
): { text: string; tone: Extract<Tone, 'off' | 'warn'> } | null {
  if (!expiresAt) return null;
  const days = Math.floor((Date.parse(expiresAt) - now) / DAY_MS);
  const day = dayInZone(expiresAt, zone);
  if (days < 0) return { text: `The certificate expired on ${day}.`, tone: 'warn' };
  return { text: `The certificate expires on ${day}.`, tone: days < WARNED_DAYS ? 'warn' : 'off' };
}

function formatLength(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
