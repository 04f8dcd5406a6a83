/** Above this, keys with a full bucket are removed. */
const MAX_KEYS = 1_000;

export interface RateLimit {
  take(key: string): boolean;
}

/**
 * A token bucket per key.
 * @param burst size of a bucket
 * @param perSecond refill rate
 * @param now milliseconds of a monotonic clock
 */
export function createRateLimit(
  { burst, perSecond }: { burst: number; perSecond: number },
  now: () => number,
): RateLimit {
  const buckets = new Map<string, { left: number; at: number }>();
  const leftOf = ({ left, at }: { left: number; at: number }): number =>
    Math.min(burst, left + ((now() - at) / 1000) * perSecond);
  return {
    take(key) {
      if (buckets.size >= MAX_KEYS)
        for (const [old, bucket] of buckets) if (leftOf(bucket) === burst) buckets.delete(old);
      const left = leftOf(buckets.get(key) ?? { left: burst, at: now() });
      buckets.set(key, { left: left < 1 ? left : left - 1, at: now() });
      return left >= 1;
    },
  };
}
