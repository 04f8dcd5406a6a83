/** What a server tells of a call that is under way; the message is text of a stranger. */
export interface Progress {
  progress: number;
  total?: number | undefined;
  message?: string | undefined;
}

/** How much is done, from 0 to 100; null where the server does not say of how much. */
export function percentOf(progress: Progress | null | undefined): number | null {
  if (!progress?.total || progress.total < 0) return null;
  return Math.min(100, Math.max(0, Math.round((progress.progress / progress.total) * 100)));
}
