import { ToolProgressActivity } from '@patchbay/shared/contract/schema/activity';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProgressThrottle } from './progress-throttle.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function teller() {
  const told: ToolProgressActivity[] = [];
  return { told, progress: new ProgressThrottle('c1', (activity) => told.push(activity)) };
}

describe('the progress of a call', () => {
  it('is told at once, and of many reports the newest', () => {
    const { told, progress } = teller();
    for (let i = 1; i <= 1_000; i += 1) progress.hear({ progress: i, total: 1_000 });
    expect(told).toEqual([{ type: 'tool_progress', id: 'c1', progress: 1, total: 1_000 }]);
    vi.advanceTimersByTime(10_000);
    expect(told.map((one) => one.progress)).toEqual([1, 1_000]);
  });

  it('is told without delay again after a rest', () => {
    const { told, progress } = teller();
    progress.hear({ progress: 1 });
    vi.advanceTimersByTime(1_000);
    progress.hear({ progress: 2 });
    expect(told).toHaveLength(2);
  });

  it('ends with the call', () => {
    const { told, progress } = teller();
    progress.hear({ progress: 1 });
    progress.hear({ progress: 2 });
    progress.stop();
    vi.advanceTimersByTime(10_000);
    expect(told).toHaveLength(1);
  });

  it('passes on no more of a message than the room takes', () => {
    const { told, progress } = teller();
    progress.hear({ progress: 1, message: 'x'.repeat(1_000_000) });
    expect(ToolProgressActivity.safeParse(told[0]).success).toBe(true);
    expect(told[0]?.message).toMatch(/^x{200}$/);
  });
});
