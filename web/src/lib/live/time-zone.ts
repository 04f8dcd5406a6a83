/** Remembers the browser's time zone, so that the first rendering of a page already speaks in it. */
export const ZONE_COOKIE = 'zone';

/**
 * What the cookie holds: the zone, and by how much it was behind UTC when it was looked up. To look it up takes a
 * browser long enough to hold up a page; to compare the offset does not.
 * @param offset in minutes, as of `Date.getTimezoneOffset`
 */
export function zoneCookie(zone: string, offset: number): string {
  return encodeURIComponent(`${zone} ${offset}`);
}

/** Whether the cookie of the zone was written with this offset. @param cookies as of `document.cookie` */
export function remembersOffset(cookies: string, offset: number): boolean {
  const kept = cookies.split('; ').find((cookie) => cookie.startsWith(`${ZONE_COOKIE}=`));
  return kept?.endsWith(zoneCookie('', offset)) ?? false;
}

/** The zone of the cookie, if this runtime knows it; UTC for everything else. */
export function readZone(cookie: string | undefined): string {
  const zone = cookie?.split(' ')[0];
  if (!zone) return 'UTC';
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return 'UTC';
  }
}

const DAY = { day: 'numeric', month: 'short', year: 'numeric' } as const;
const TIME = { ...DAY, hour: '2-digit', minute: '2-digit' } as const;

/** To make a format takes a hundred times as long as to use it, and a page has many times in one zone. */
const formats = new Map<string, Intl.DateTimeFormat>();

function format(then: string, timeZone: string, options: typeof DAY | typeof TIME): string {
  const key = `${timeZone} ${options === DAY ? 'day' : 'time'}`;
  const known = formats.get(key) ?? new Intl.DateTimeFormat('en-GB', { ...options, timeZone });
  formats.set(key, known);
  return known.format(Date.parse(then));
}

/**
 * The day in a zone, such as `22 Nov 2026`.
 * @param then a timestamp as the database writes it
 */
export function dayInZone(then: string, zone: string): string {
  return format(then, zone, DAY);
}

/**
 * Date and time in a zone, such as `22 Nov 2026, 14:05`; UTC is named, since it is nobody's own by guess.
 * @param then a timestamp as the database writes it
 */
export function timeInZone(then: string, zone: string): string {
  const words = format(then, zone, TIME);
  return zone === 'UTC' ? `${words} UTC` : words;
}
