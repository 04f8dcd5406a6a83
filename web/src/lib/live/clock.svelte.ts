import { remembersOffset, ZONE_COOKIE, zoneCookie } from './time-zone.ts';

const YEAR_SECONDS = 365 * 24 * 3600;

/** A clock for relative times. It begins at the server's time, so that both renderings agree. */
export class Clock {
  now = $state(0);
  /** The user's time zone: the remembered one, then the browser's. */
  zone = $state('UTC');

  /** @param now milliseconds since the epoch */
  constructor(now: number, zone: string) {
    this.now = now;
    this.zone = zone;
  }

  /** @returns a function that stops it */
  start(everyMs = 5000): () => void {
    this.now = Date.now();
    const offset = new Date().getTimezoneOffset();
    if (!remembersOffset(document.cookie, offset)) {
      this.zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
      document.cookie = `${ZONE_COOKIE}=${zoneCookie(this.zone, offset)}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
    }
    const timer = setInterval(() => (this.now = Date.now()), everyMs);
    return () => clearInterval(timer);
  }
}
