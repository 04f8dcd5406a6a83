/** Cookie with the browser's time zone, so that the first rendering already uses it. */
export const ZONE_COOKIE = 'zone';

/**
 * The cookie's value: the zone and its offset from UTC. Looking up the zone takes a browser long enough to delay a
 * page; comparing the offset does not.
 * @param offset minutes, as from `Date.getTimezoneOffset`
 */
export function zoneCookie(zone: string, offset: number): string {
  return encodeURIComponent(`${zone} ${offset}`);
}

/** Whether the zone's cookie was written with this offset. @param cookies as in `document.cookie` */
export function remembersOffset(cookies: string, offset: number): boolean {
  const kept = cookies.split('; ').find((cookie) => cookie.startsWith(`${ZONE_COOKIE}=`));
  return kept?.endsWith(zoneCookie('', offset)) ?? false;
}

/** The cookie's zone if this runtime knows it, otherwise UTC. */
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
const TIME = { ...DAY, hour: 'numeric', minute: '2-digit' } as const;

/** Creating a format takes a hundred times as long as using it. */
const formats = new Map<string, Intl.DateTimeFormat>();

function format(then: string, timeZone: string, options: typeof DAY | typeof TIME): string {
  const key = `${timeZone} ${options === DAY ? 'day' : 'time'}`;
  const known = formats.get(key) ?? new Intl.DateTimeFormat('en-US', { ...options, timeZone });
  formats.set(key, known);
  // Node writes a narrow space before AM and PM, Chrome a plain one: the page must be the same in both.
  return known.format(Date.parse(then)).replace('\u202F', ' ');
}

/** The day in a zone, such as `Nov 22, 2026`. @param then a database timestamp */
export function dayInZone(then: string, zone: string): string {
  return format(then, zone, DAY);
}

/**
 * Date and time in a zone, such as `Nov 22, 2026, 2:05 PM`. UTC is named, since it is only a fallback.
 * @param then a database timestamp
 */
export function timeInZone(then: string, zone: string): string {
  const words = format(then, zone, TIME);
  return zone === 'UTC' ? `${words} UTC` : words;
}
