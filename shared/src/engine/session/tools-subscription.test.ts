import type { Client } from '@modelcontextprotocol/client';
import { describe, expect, it } from 'vitest';
import { ToolsSubscription } from './tools-subscription.ts';

type Ending = 'at once' | 'refused' | 'never';

/** Counts the subscriptions opened in a period, if the connection checks every 15 s and after each gap. */
async function subscriptions(ending: Ending, totalMs: number) {
  let now = 0;
  let opened = 0;
  let gaps = 0;
  const listen = () => {
    opened += 1;
    if (ending === 'refused') return Promise.reject(new Error('no'));
    const closed = ending === 'never' ? new Promise<never>(() => {}) : Promise.resolve('remote');
    return Promise.resolve({ closed });
  };
  const subject = new ToolsSubscription({ listen } as unknown as Client, {
    timeoutMs: 1_000,
    now: () => now,
    onGap: () => {
      gaps += 1;
      subject.keep();
    },
  });
  for (; now <= totalMs; now += 15_000) {
    subject.keep();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  subject.end();
  return { opened, gaps };
}

describe('a subscription to the tools', () => {
  it('is opened once while it lasts', async () => {
    expect(await subscriptions('never', 60_000)).toEqual({ opened: 1, gaps: 0 });
  });

  it('is opened a few times a minute, then less often, if the server keeps ending it at once', async () => {
    const minute = await subscriptions('at once', 60_000);
    expect(minute.opened).toBeGreaterThan(1);
    expect(minute.opened).toBeLessThan(8);
    expect((await subscriptions('at once', 3_600_000)).opened).toBeLessThan(40);
  });

  it('is requested less and less often while the server refuses it, which is no gap', async () => {
    const hour = await subscriptions('refused', 3_600_000);
    expect(hour.gaps).toBe(0);
    expect(hour.opened).toBeGreaterThan(5);
    expect(hour.opened).toBeLessThan(30);
  });
});
