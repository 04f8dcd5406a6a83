export interface Summary {
  count: number;
  medianMs: number;
  p95Ms: number;
  minMs: number;
  maxMs: number;
}

/**
 * The middle of the samples; of an even number the mean of the two in the middle.
 * @throws RangeError without samples
 */
export function median(samples: readonly number[]): number {
  const sorted = sort(samples);
  const upper = at(sorted, Math.floor(sorted.length / 2));
  return sorted.length % 2 === 1 ? upper : (at(sorted, sorted.length / 2 - 1) + upper) / 2;
}

/**
 * The smallest sample that at least `percent` of all samples do not exceed (nearest rank): always a value that
 * was measured.
 * @param percent above 0, up to 100
 * @throws RangeError without samples, or outside that range
 */
export function percentile(samples: readonly number[], percent: number): number {
  if (!(percent > 0 && percent <= 100)) throw new RangeError('percent must be above 0 and up to 100');
  const sorted = sort(samples);
  return at(sorted, Math.ceil((percent / 100) * sorted.length) - 1);
}

/** @throws RangeError without samples */
export function summarize(samples: readonly number[]): Summary {
  return {
    count: samples.length,
    medianMs: median(samples),
    p95Ms: percentile(samples, 95),
    minMs: Math.min(...samples),
    maxMs: Math.max(...samples),
  };
}

function sort(samples: readonly number[]): number[] {
  return [...samples].sort((a, b) => a - b);
}

function at(sorted: readonly number[], index: number): number {
  const sample = sorted[index];
  if (sample === undefined) throw new RangeError('there are no samples');
  return sample;
}
