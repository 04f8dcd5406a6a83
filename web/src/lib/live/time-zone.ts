/** Remembers the browser's time zone, so that the first rendering of a page already speaks in it. */
export const ZONE_COOKIE = 'zone';

/** A zone that this runtime knows; UTC for everything else. */
export function readZone(value: string | undefined): string {
  if (!value) return 'UTC';
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone;
  } catch {
    return 'UTC';
  }
}

/**
 * The day in a zone, such as `22 Nov 2026`.
 * @param then a timestamp as the database writes it
 */
export function dayInZone(then: string, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone,
    day: 'numeric',
    month: 'short',
    year: 'numeric',
  }).format(Date.parse(then));
}

/**
 * Date and time in a zone, such as `22 Nov 2026, 14:05`; UTC is named, since it is nobody's own by guess.
 * @param then a timestamp as the database writes it
 */
export function timeInZone(then: string, zone: string): string {
  const words = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  }).format(Date.parse(then));
  return zone === 'UTC' ? `${words} UTC` : words;
}
