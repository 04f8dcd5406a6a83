import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WorkspaceLive, type Signal } from './workspace-live.svelte.ts';

type Heard = (message: { payload?: Record<string, unknown> }) => void;

const realtime = vi.hoisted(() => ({
  topics: [] as string[],
  disconnects: 0,
  isConnected: true,
  refused: [] as (string | undefined)[],
  isSessionExpired: false,
  hear: new Map<string, (message: { payload?: Record<string, unknown> }) => void>(),
  say: (_status: string) => {},
}));

vi.mock('./access-token.ts', async (original) => ({
  SessionExpired: (await original<typeof import('./access-token.ts')>()).SessionExpired,
  currentAccess: async (refused?: string) => {
    realtime.refused.push(refused);
    const { SessionExpired } = await import('./access-token.ts');
    if (realtime.isSessionExpired) throw new SessionExpired();
    return {
      accessToken: `t${realtime.topics.length}`,
      expiresAt: Infinity,
      supabaseUrl: 'http://x',
      publishableKey: 'k',
    };
  },
}));
vi.mock('./realtime-client.ts', () => ({
  RealtimeClient: class {
    #options: { accessToken: () => Promise<string> };
    constructor(_url: string, options: { accessToken: () => Promise<string> }) {
      this.#options = options;
    }
    setAuth = () => this.#options.accessToken();
    isConnected = () => realtime.isConnected;
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
  realtime.isConnected = true;
  realtime.refused = [];
  realtime.isSessionExpired = false;
  membership = 200;
  asked = [];
  vi.stubGlobal('window', new EventTarget());
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

it('a page whose session ended elsewhere stops listening when it needs another token', async () => {
  const { live } = await joined();
  realtime.isSessionExpired = true;
  realtime.say('CHANNEL_ERROR');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(live.state).toBe('signed_out');
  const asked = realtime.refused.length;
  await vi.advanceTimersByTimeAsync(600_000);
  expect(realtime.refused.length).toBe(asked);
});

describe('a page whose user is removed', () => {
  it('leaves the topic at once, and stops loading and listening', async () => {
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

  it("continues when someone else was removed, or the user's role changed", async () => {
    const { live, signals } = await joined();
    membersChanged('user-2', 'delete');
    membersChanged(ME, 'update');
    expect(live.state).toBe('live');
    expect(signals.map(({ name }) => name)).toEqual(['joined', 'members.changed', 'members.changed']);
  });

  it('finds out later when it missed the event', async () => {
    const { live } = await joined();
    membership = 404;
    realtime.say('CHANNEL_ERROR');
    expect(live.state).toBe('lost');
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toEqual(['/api/workspaces/team']);
    expect(live.state).toBe('removed');
  });

  it('is not treated as removed while the state is unknown', async () => {
    const { live } = await joined();
    for (const status of [200, 401, 503]) {
      membership = status;
      realtime.say('CHANNEL_ERROR');
      expect(live.state).toBe('lost');
      await vi.advanceTimersByTimeAsync(1_000);
      expect(live.state).toBe('lost');
    }
    realtime.say('SUBSCRIBED');
    expect(live.state).toBe('live');
  });

  it('starts over in another workspace', async () => {
    const { live, stop } = await joined();
    membersChanged(ME, 'delete');
    stop();
    live.start('other', ME);
    expect(live.state).toBe('connecting');
    await vi.advanceTimersByTimeAsync(0);
    expect(realtime.topics).toEqual(['workspace:team', 'workspace:other']);
  });
});

describe('a page that lost its topic is live again within 3 s', () => {
  const show = (state: string) => {
    Object.assign(document, { visibilityState: state });
    document.dispatchEvent(new Event('visibilitychange'));
  };
  const settle = () => vi.advanceTimersByTimeAsync(0);
  const expectJoined = async (live: WorkspaceLive, joins: number) => {
    await settle();
    expect(realtime.topics).toHaveLength(joins);
    realtime.say('SUBSCRIBED');
    expect(live.state).toBe('live');
  };

  it.each(['CLOSED', 'CHANNEL_ERROR', 'TIMED_OUT'])(
    'at %s on a socket that stands: it joins on a new one, with another token than was refused',
    async (status) => {
      const { live, signals } = await joined();
      realtime.say(status);
      expect(live.state).toBe('lost');
      expect(realtime.disconnects).toBe(1);
      await expectJoined(live, 2);
      expect(realtime.refused).toEqual([undefined, undefined, 't0', undefined]);
      expect(signals.map(({ name }) => name)).toEqual(['joined', 'joined']);
    },
  );

  it('backs off when every join is rejected', async () => {
    await joined();
    for (let refusal = 0; refusal < 3; refusal++) {
      realtime.say('CHANNEL_ERROR');
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(realtime.topics).toHaveLength(4);
    realtime.say('CHANNEL_ERROR');
    await vi.advanceTimersByTimeAsync(2_900);
    expect(realtime.topics).toHaveLength(4);
    await vi.advanceTimersByTimeAsync(100);
    expect(realtime.topics).toHaveLength(5);
  });

  it('leaves reconnecting a closed socket to the client until the network is back or the page is visible', async () => {
    for (const comeBack of [() => window.dispatchEvent(new Event('online')), () => show('visible')]) {
      realtime.topics = [];
      realtime.isConnected = true;
      const { live, stop } = await joined();
      realtime.isConnected = false;
      realtime.say('CHANNEL_ERROR');
      await vi.advanceTimersByTimeAsync(10_000);
      expect(realtime.topics).toHaveLength(1);
      expect(live.state).toBe('lost');
      comeBack();
      await expectJoined(live, 2);
      stop();
    }
  });

  it('joins on a new socket after sleep, although the old one still reports open', async () => {
    const { live } = await joined();
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(1_000);
    await expectJoined(live, 2);
    show('hidden');
    await vi.advanceTimersByTimeAsync(3_600_000);
    show('visible');
    await expectJoined(live, 3);
  });

  it('does not rejoin a workspace that its user has left', async () => {
    const { live } = await joined();
    membersChanged(ME, 'delete');
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(2_000);
    window.dispatchEvent(new Event('online'));
    await settle();
    expect(realtime.topics).toHaveLength(1);
    expect(live.state).toBe('removed');
  });
});
