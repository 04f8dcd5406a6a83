import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ServiceClient } from '../service-client.ts';
import { openHints, type HintSubscription } from './hints.ts';

/** Stands for Realtime: `say` is the status of the channel that was opened last. */
function scene() {
  const joins: string[] = [];
  let isConnected = true;
  const socket = { isConnected: () => isConnected, disconnect: vi.fn(() => Promise.resolve('ok')) };
  let say: (status: string) => void = () => {};
  const client = {
    realtime: socket,
    removeChannel: vi.fn(() => Promise.resolve('ok')),
    channel: (topic: string) => {
      joins.push(topic);
      const channel = { on: () => channel, subscribe: (heard: typeof say) => (say = heard) };
      return channel;
    },
  } as unknown as ServiceClient;
  const listener = { onHint: vi.fn(), onJoined: vi.fn(), onServerSeen: vi.fn() };
  const hints = openHints(client, 'w', 's', listener, { warn: () => {} });
  return {
    hints,
    joins,
    listener,
    disconnect: socket.disconnect,
    say: (status: string) => say(status),
    goOffline: () => (isConnected = false),
  };
}

let hints: HintSubscription | undefined;
beforeEach(() => vi.useFakeTimers());
afterEach(async () => {
  await hints?.close();
  vi.useRealTimers();
});

describe('the channel of hints', () => {
  it('is opened on a new socket at once when it is closed, as when its token has expired', async () => {
    const { joins, disconnect, say, listener, ...rest } = scene();
    ({ hints } = rest);
    say('SUBSCRIBED');
    say('CLOSED');
    await vi.advanceTimersByTimeAsync(0);
    expect(disconnect).toHaveBeenCalledOnce();
    expect(joins).toEqual(['workspace:w', 'workspace:w']);
    say('SUBSCRIBED');
    expect(listener.onJoined).toHaveBeenCalledTimes(2);
  });

  it('is live within 3 s where two joins are refused, and slows down where all are', async () => {
    const { joins, say, ...rest } = scene();
    ({ hints } = rest);
    for (let refusal = 0; refusal < 3; refusal++) {
      say('CHANNEL_ERROR');
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(joins).toHaveLength(4);
    for (let refusal = 0; refusal < 30; refusal++) {
      say('CHANNEL_ERROR');
      await vi.advanceTimersByTimeAsync(2_000);
    }
    expect(joins).toHaveLength(34);
  });

  it('is left to the client while the socket is down', async () => {
    const { joins, disconnect, say, goOffline, ...rest } = scene();
    ({ hints } = rest);
    goOffline();
    say('CHANNEL_ERROR');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(joins).toHaveLength(1);
    expect(disconnect).not.toHaveBeenCalled();
  });

  it('is opened on a new socket after the machine has slept', async () => {
    const { joins, say, ...rest } = scene();
    ({ hints } = rest);
    say('SUBSCRIBED');
    await vi.advanceTimersByTimeAsync(30_000);
    expect(joins).toHaveLength(1);
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(joins).toHaveLength(2);
  });

  it('stays closed when it was closed here', async () => {
    const { joins, say, hints: mine } = scene();
    say('CLOSED');
    await mine.close();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(joins).toHaveLength(1);
  });
});
