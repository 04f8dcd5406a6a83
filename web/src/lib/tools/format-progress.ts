export interface Progress {
  progress: number;
  total?: number | undefined;
  message?: string | undefined;
}

/** Percent done; null if the server reports no total. */
export function percentOf(progress: Progress | null | undefined): number | null {
  if (!progress?.total || progress.total < 0) return null;
  return Math.min(100, Math.max(0, Math.round((progress.progress / progress.total) * 100)));
}
