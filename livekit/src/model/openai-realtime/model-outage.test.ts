import { describe, expect, it } from 'vitest';
import { ModelOutage } from './model-outage.ts';

/** Dials until the outage gives up. @param livesMs how long each connection lasts; null: none is made */
function outageOf(livesMs: number | null): { lastedMs: number; waits: number[] } {
  const outage = new ModelOutage();
  const waits: number[] = [];
  for (let nowMs = 0; ;) {
    if (livesMs !== null) {
      nowMs += livesMs;
      outage.disconnected(livesMs);
    }
    const waitMs = outage.failed(nowMs, livesMs !== null);
    if (waitMs === null) return { lastedMs: nowMs, waits };
    waits.push(waitMs);
    nowMs += waitMs;
    if (waits.length > 1_000) return { lastedMs: Number.POSITIVE_INFINITY, waits };
  }
}

describe('an outage of the model', () => {
  it('ends after two minutes of dials that fail, with growing waits between them', () => {
    const { lastedMs, waits } = outageOf(null);
    expect(lastedMs).toBe(120_000);
    expect(waits.slice(0, 7)).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000]);
  });

  it('ends after two minutes of connections that are closed soon after they were made', () => {
    expect(outageOf(0).lastedMs).toBe(120_000);
    const { lastedMs } = outageOf(7_000);
    expect(lastedMs).toBeGreaterThanOrEqual(120_000);
    expect(lastedMs).toBeLessThan(135_000);
  });

  it('is a new one after a connection that worked', () => {
    expect(outageOf(30_000).lastedMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('is over when the model answers', () => {
    const outage = new ModelOutage();
    outage.failed(0, false);
    outage.answered();
    outage.disconnected(10_000);
    expect(outage.failed(110_000, true)).toBe(0);
    expect(outage.failed(229_999, false)).not.toBeNull();
    expect(outage.failed(230_000, false)).toBeNull();
  });

  it('begins with a dial at once, and waits as long as the server asks for', () => {
    const outage = new ModelOutage();
    expect(outage.failed(60_000, true)).toBe(0);
    expect(outage.failed(60_000, false, 5_000)).toBe(5_000);
    expect(outage.failed(170_000, false, 60_000)).toBe(10_000);
  });
});
