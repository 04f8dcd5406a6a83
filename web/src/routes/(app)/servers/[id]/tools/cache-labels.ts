/** Cache times in seconds; the database accepts any up to a day. */
export const CACHE_CHOICES = [10, 60, 300, 3600, 86_400];

/** `5 min`, `1 h`: whole units where they fit. */
export function formatCacheTime(seconds: number): string {
  if (seconds % 86_400 === 0) return seconds === 86_400 ? '1 day' : `${seconds / 86_400} days`;
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
