import type { JWTPayload } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { joinChannel, type Channel, type ChannelContext } from './channel.ts';
import type { Frame } from './frames.ts';
import { createTopics } from './topics.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const inSeconds = (seconds: number): number => NOW / 1000 + seconds;

interface Stage {
  sent: Frame[];
  readers: Set<string>;
  onEnd: () => void;
  join(payload?: object): Promise<Channel | null>;
  push(channel: Channel | null, event: string, payload: unknown): Promise<void>;
  events(): string[];
}

/** Tokens are `<user>/<seconds until it expires>`; only users in `readers` may read. */
function createStage(keyClaims: JWTPayload = {}): Stage {
  const sent: Frame[] = [];
  const readers = new Set<string>();
  const onEnd = vi.fn<() => void>();
  const context: ChannelContext = {
    topics: createTopics(),
    keyIdentity: { role: 'anon', claims: { role: 'anon', ...keyClaims } },
    verify: async (token) => {
      const [sub = '', seconds] = token.split('/');
      return sub === 'forged' ? null : { sub, role: 'authenticated', exp: inSeconds(Number(seconds)) };
    },
    mayRead: async (_topic, { claims }) => readers.has(claims.sub ?? 'anon'),
    mayWrite: async () => false,
    send: (frame) => sent.push(frame),
    now: Date.now,
  };
  return {
    sent,
    readers,
    onEnd,
    join: (payload = {}) =>
      joinChannel(
        { joinRef: '1', ref: '1', topic: 'realtime:room', event: 'phx_join', payload },
        context,
        onEnd,
      ),
    push: async (channel, event, payload) =>
      channel?.receive({ joinRef: '1', ref: '2', topic: 'realtime:room', event, payload }),
    events: () => sent.map(({ event }) => event),
  };
}

const asPrivate = (access_token: string): object => ({ config: { private: true }, access_token });

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a channel ends when its token does', () => {
  test('at the second of its expiry, with a reason', async () => {
    const stage = createStage();
    stage.readers.add('ann');
    await stage.join(asPrivate('ann/60'));
    vi.advanceTimersByTime(59_000);
    expect(stage.events()).toEqual(['phx_reply']);
    vi.advanceTimersByTime(1_000);
    expect(stage.events()).toEqual(['phx_reply', 'system', 'phx_close']);
    expect(stage.sent[1]?.payload).toMatchObject({ status: 'error', message: 'Token has expired' });
    expect(stage.onEnd).toHaveBeenCalledOnce();
  });

  test('not before the new token’s, once one was sent', async () => {
    const stage = createStage();
    stage.readers.add('ann');
    const channel = await stage.join(asPrivate('ann/60'));
    await stage.push(channel, 'access_token', { access_token: 'ann/120' });
    vi.advanceTimersByTime(119_000);
    expect(stage.events()).toEqual(['phx_reply']);
    vi.advanceTimersByTime(1_000);
    expect(stage.events()).toContain('phx_close');
  });
});

describe('a new token', () => {
  test('of somebody who may not read closes the channel', async () => {
    const stage = createStage();
    stage.readers.add('ann');
    const channel = await stage.join(asPrivate('ann/60'));
    await stage.push(channel, 'access_token', { access_token: 'bob/60' });
    expect(stage.events()).toEqual(['phx_reply', 'system', 'phx_close']);
  });

  test('that is no token of ours closes the channel', async () => {
    const stage = createStage();
    stage.readers.add('ann');
    const channel = await stage.join(asPrivate('ann/60'));
    await stage.push(channel, 'access_token', { access_token: 'forged/60' });
    expect(stage.events()).toContain('phx_close');
  });

  test('counts for those who have lost their place meanwhile', async () => {
    const stage = createStage();
    stage.readers.add('ann');
    const channel = await stage.join(asPrivate('ann/60'));
    stage.readers.clear();
    await stage.push(channel, 'access_token', { access_token: 'ann/120' });
    expect(stage.events()).toContain('phx_close');
  });
});

test('a join without a token, or with an API key for one, is that of the connection’s key', async () => {
  const stage = createStage();
  expect(await stage.join({ config: { private: true } })).toBeNull();
  stage.readers.add('anon');
  expect(await stage.join({ config: { private: true } })).not.toBeNull();
  expect(await stage.join(asPrivate('sb_publishable_x'))).not.toBeNull();
});

test('the token of the connection’s key ends its channels, and no key opens another on this connection', async () => {
  const stage = createStage({ exp: inSeconds(60) });
  stage.readers.add('anon').add('ann');
  const channel = await stage.join(asPrivate('sb_publishable_x'));
  await stage.push(channel, 'access_token', { access_token: 'sb_publishable_x' });
  vi.advanceTimersByTime(60_000);
  expect(stage.events()).toEqual(['phx_reply', 'system', 'phx_close']);
  expect(await stage.join(asPrivate('sb_publishable_x'))).toBeNull();
  expect(await stage.join({ config: { private: true } })).toBeNull();
  expect(await stage.join(asPrivate('ann/120'))).not.toBeNull();
});

test('malformed joins and unknown events are answered, not ignored', async () => {
  const stage = createStage();
  expect(await stage.join({ config: { broadcast: 'yes' } })).toBeNull();
  const channel = await stage.join();
  await stage.push(channel, 'presence', { event: 'track' });
  expect(stage.sent.map(({ payload }) => (payload as { status: string }).status)).toEqual([
    'error',
    'ok',
    'error',
  ]);
});

test('leaving is acknowledged, and the channel is silent from then on', async () => {
  const stage = createStage();
  const channel = await stage.join();
  await stage.push(channel, 'phx_leave', {});
  await stage.push(channel, 'broadcast', { event: 'x' });
  expect(stage.events()).toEqual(['phx_reply', 'phx_reply', 'phx_close']);
});
