import { EventEmitter } from 'node:events';
import { voice } from '@livekit/agents';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { IdleWatch } from './idle-watch.ts';

const MINUTE_MS = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watch(timeoutMs: number) {
  const told: string[] = [];
  const idle = new IdleWatch({
    timeoutMs,
    onWarning: (leftMs) => told.push(`ends in ${leftMs}`),
    onIdle: () => told.push('ended'),
  });
  idle.start();
  return { idle, told };
}
const after = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('the watch for a user who is away', () => {
  it('warns a minute before the end, and ends', async () => {
    const { told } = watch(10 * MINUTE_MS);
    await after(9 * MINUTE_MS - 1);
    expect(told).toEqual([]);
    await after(1);
    expect(told).toEqual(['ends in 60000']);
    await after(MINUTE_MS);
    expect(told).toEqual(['ends in 60000', 'ended']);
  });

  it('warns halfway when the time is short', async () => {
    const { told } = watch(10_000);
    await after(5_000);
    expect(told).toEqual(['ends in 5000']);
    await after(5_000);
    expect(told).toEqual(['ends in 5000', 'ended']);
  });

  it('starts anew when the user is active, also after the warning', async () => {
    const { idle, told } = watch(2 * MINUTE_MS);
    await after(MINUTE_MS - 1);
    idle.userActive();
    await after(MINUTE_MS);
    expect(told).toEqual(['ends in 60000']);
    idle.userActive();
    await after(2 * MINUTE_MS - 1);
    expect(told).toEqual(['ends in 60000', 'ends in 60000']);
    await after(1);
    expect(told.at(-1)).toBe('ended');
  });

  it('does not end while the user waits for calls, and gives them the whole time after the last one', async () => {
    const { idle, told } = watch(2 * MINUTE_MS);
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await after(MINUTE_MS);
    idle.waitFor(first.promise);
    idle.waitFor(second.promise);
    await after(10 * MINUTE_MS);
    first.resolve();
    await after(10 * MINUTE_MS);
    idle.userActive();
    await after(10 * MINUTE_MS);
    expect(told).toEqual(['ends in 60000']);
    second.resolve();
    await after(2 * MINUTE_MS - 1);
    expect(told).not.toContain('ended');
    await after(1);
    expect(told).toContain('ended');
  });

  it('takes speech and words of the user as a sign of them, and nothing that the agent says', async () => {
    const { idle, told } = watch(2 * MINUTE_MS);
    const session = new EventEmitter();
    idle.follow(session as unknown as voice.AgentSession);
    const { UserStateChanged, ConversationItemAdded } = voice.AgentSessionEventTypes;
    const said = (role: string) => session.emit(ConversationItemAdded, { item: { type: 'message', role } });
    await after(MINUTE_MS - 1);
    session.emit(UserStateChanged, { newState: 'speaking' });
    await after(MINUTE_MS - 1);
    said('user');
    await after(MINUTE_MS - 1);
    said('assistant');
    session.emit(UserStateChanged, { newState: 'listening' });
    expect(told).toEqual([]);
    await after(1);
    expect(told).toEqual(['ends in 60000']);
  });

  it('never ends a conversation when it is switched off, or was stopped', async () => {
    const off = watch(0);
    const stopped = watch(MINUTE_MS);
    stopped.idle.stop();
    stopped.idle.userActive();
    const unstarted = new IdleWatch({
      timeoutMs: 1,
      onWarning: () => expect.unreachable(),
      onIdle: () => expect.unreachable(),
    });
    unstarted.userActive();
    await after(100 * MINUTE_MS);
    expect([off.told, stopped.told]).toEqual([[], []]);
  });
});
