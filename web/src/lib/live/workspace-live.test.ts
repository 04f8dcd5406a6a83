import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WorkspaceLive, type Signal } from './workspace-live.svelte.ts';

type Heard = (message: { payload?: Record<string, unknown> }) => void;

/** Stands for Realtime: what was joined, and ways to speak to the page. */
const realtime = vi.hoisted(() => ({
  topics: [] as string[],
  disconnects: 0,
  hear: new Map<string, (message: { payload?: Record<string, unknown> }) => void>(),
  say: (_status: string) => {},
}));

vi.mock('./access-token.ts', () => ({
  SessionExpired: class extends Error {},
  currentAccess: () =>
    Promise.resolve({ accessToken: 't', expiresAt: Infinity, supabaseUrl: 'http://x', publishableKey: 'k' }),
}));
vi.mock('./realtime-client.ts', () => ({
  RealtimeClient: class {
    setAuth = () => Promise.resolve();
    disconnect = () => Promise.resolve(void (realtime.disconnects += 1));
    channel = (topic: string) => {
      realtime.topics.push(topic);
      return {
        on: (_kind: string, { event }: { event: string }, heard: Heard) => realtime.hear.set(event, heard),
        subscribe: (say: (status: string) => void) => (realtime.say = say),
      };
    };
  },
}));

const ME = 'user-1';
let membership: number;
let asked: string[];

beforeEach(() => {
  vi.useFakeTimers();
  realtime.topics = [];
  realtime.disconnects = 0;
  membership = 200;
  asked = [];
  vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
  vi.stubGlobal('fetch', (path: string) => {
    asked.push(path);
    return Promise.resolve(new Response(null, { status: membership }));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function joined() {
  const live = new WorkspaceLive();
  const signals: Signal[] = [];
  live.listen((signal) => signals.push(signal));
  const stop = live.start('team', ME);
  await vi.advanceTimersByTimeAsync(0);
  realtime.say('SUBSCRIBED');
  expect(live.state).toBe('live');
  return { live, signals, stop };
}

const membersChanged = (user_id: string, op: string) =>
  realtime.hear.get('members.changed')?.({ payload: { user_id, op } });

describe('a page whose user is removed', () => {
  it('leaves the topic at once, and looks and listens no more', async () => {
    const { live, signals } = await joined();
    membersChanged(ME, 'delete');
    expect(live.state).toBe('removed');
    expect(realtime.disconnects).toBe(1);

    const before = signals.length;
    realtime.hear.get('server.changed')?.({ payload: { server_id: 's' } });
    realtime.say('CLOSED');
    document.dispatchEvent(new Event('visibilitychange'));
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    expect(signals).toHaveLength(before);
    expect(realtime.topics).toEqual(['workspace:team']);
    expect(live.state).toBe('removed');
  });

  it('goes on where another person was removed, or its own user got another role', async () => {
    const { live, signals } = await joined();
    membersChanged('user-2', 'delete');
    membersChanged(ME, 'update');
    expect(live.state).toBe('live');
    expect(signals.map(({ name }) => name)).toEqual(['joined', 'members.changed', 'members.changed']);
  });

  it('finds out later, when it did not hear of it', async () => {
    const { live } = await joined();
    membership = 404;
    realtime.say('CHANNEL_ERROR');
    expect(live.state).toBe('lost');
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toEqual(['/api/workspaces/team']);
    expect(live.state).toBe('removed');
  });

  it('is not taken for removed while nothing is known', async () => {
    const { live } = await joined();
    for (const status of [200, 401, 503]) {
      membership = status;
      realtime.say('CHANNEL_ERROR');
      await vi.advanceTimersByTimeAsync(0);
      expect(live.state).toBe('lost');
    }
    realtime.say('SUBSCRIBED');
    expect(live.state).toBe('live');
  });

  it('begins anew in another workspace', async () => {
    const { live, stop } = await joined();
    membersChanged(ME, 'delete');
    stop();
    live.start('other', ME);
    expect(live.state).toBe('connecting');
    await vi.advanceTimersByTimeAsync(0);
    expect(realtime.topics).toEqual(['workspace:team', 'workspace:other']);
  });
});
