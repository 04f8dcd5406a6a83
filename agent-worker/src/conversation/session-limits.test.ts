import type { Activity } from '@patchbay/shared/contract/schema/activity';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CONVERSATION_MEMORY_MB } from '../capacity.ts';
import { SessionLimits } from './session-limits.ts';

const MINUTE_MS = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function newLimits(idleTimeoutMs: number, usedBytes = () => 0) {
  const said: string[] = [];
  const sent: Activity[] = [];
  const ends: string[] = [];
  const limits = new SessionLimits({
    idleTimeoutMs,
    usedBytes,
    scheduler: { say: (sentence) => void said.push(sentence) },
    feed: { send: (activity) => void sent.push(activity) },
    end: (reason) => void ends.push(reason),
  });
  return { limits, said, sent, ends };
}
const after = (minutes: number) => vi.advanceTimersByTimeAsync(minutes * MINUTE_MS);

describe('the limits of a conversation', () => {
  it('warns by voice and in the page before its time is over, and ends it', async () => {
    const { limits, said, sent, ends } = newLimits(0);
    limits.start({ ends_in_ms: 2 * MINUTE_MS, idle_ms: null });
    await after(1);
    expect(said).toEqual(["This conversation has almost reached its time limit. I'll end it in 60 seconds."]);
    expect(sent).toEqual([{ type: 'time_limit', ends_in_ms: MINUTE_MS }]);
    await after(1);
    expect(ends).toEqual(['time_limit']);
  });

  it('takes the shorter of the idle limits of the worker and of the workspace', async () => {
    for (const [own, workspace, minutes] of [
      [0, 10, 10],
      [5, 10, 5],
      [20, 10, 10],
      [5, null, 5],
      [5, 0, 5],
    ] as const) {
      const { limits, ends } = newLimits(own * MINUTE_MS);
      limits.start({ ends_in_ms: null, idle_ms: workspace === null ? null : workspace * MINUTE_MS });
      await after(minutes - 0.1);
      expect(ends).toEqual([]);
      await after(0.2);
      expect(ends).toEqual(['idle']);
    }
  });

  it('hears of other limits while it runs, and the same ones again change nothing', async () => {
    const { limits, ends } = newLimits(0);
    limits.start({ ends_in_ms: null, idle_ms: null });
    await after(60);
    limits.apply({ ends_in_ms: null, idle_ms: 10 * MINUTE_MS });
    for (let minute = 0; minute < 11; minute += 1) {
      await after(1);
      limits.apply({ ends_in_ms: null, idle_ms: 10 * MINUTE_MS });
    }
    expect(ends).toEqual(['idle']);
  });

  it('ends when its process takes more than 640 MB, once, and well before the framework kills it', async () => {
    let used = 640 * 2 ** 20;
    const { limits, ends } = newLimits(0, () => used);
    limits.start({ ends_in_ms: null, idle_ms: null });
    await after(1);
    expect(ends).toEqual([]);
    used += 1;
    await after(1);
    expect(ends).toEqual(['out_of_memory']);
    expect(CONVERSATION_MEMORY_MB.kill).toBeGreaterThan(CONVERSATION_MEMORY_MB.end + 100);
  });

  it('ends nothing once it was stopped', async () => {
    const { limits, ends } = newLimits(MINUTE_MS, () => Infinity);
    limits.start({ ends_in_ms: 5 * MINUTE_MS, idle_ms: MINUTE_MS });
    limits.stop();
    await after(10);
    expect(ends).toEqual([]);
  });
});
