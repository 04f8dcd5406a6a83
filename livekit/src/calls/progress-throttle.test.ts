import { ToolProgressActivity } from '@patchbay/shared/contract/schema/activity';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProgressThrottle } from './progress-throttle.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function throttle() {
  const reports: ToolProgressActivity[] = [];
  return { reports, throttle: new ProgressThrottle('c1', (activity) => reports.push(activity)) };
}

describe('ProgressThrottle', () => {
  it('reports the first progress at once, and of many reports that follow the newest', () => {
    const { reports, throttle: progress } = throttle();
    for (let i = 1; i <= 1_000; i += 1) progress.take({ progress: i, total: 1_000 });
    expect(reports).toEqual([{ type: 'tool_progress', id: 'c1', progress: 1, total: 1_000 }]);
    vi.advanceTimersByTime(10_000);
    expect(reports.map((report) => report.progress)).toEqual([1, 1_000]);
  });

  it('reports without delay again after a pause', () => {
    const { reports, throttle: progress } = throttle();
    progress.take({ progress: 1 });
    vi.advanceTimersByTime(1_000);
    progress.take({ progress: 2 });
    expect(reports).toHaveLength(2);
  });

  it('reports nothing after the call has ended', () => {
    const { reports, throttle: progress } = throttle();
    progress.take({ progress: 1 });
    progress.take({ progress: 2 });
    progress.stop();
    vi.advanceTimersByTime(10_000);
    expect(reports).toHaveLength(1);
  });

  it('cuts a message to the length that the room takes', () => {
    const { reports, throttle: progress } = throttle();
    progress.take({ progress: 1, message: 'x'.repeat(1_000_000) });
    expect(ToolProgressActivity.safeParse(reports[0]).success).toBe(true);
    expect(reports[0]?.message).toMatch(/^x{200}$/);
  });
});
