import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UNREACHABLE_ROOM } from './room-problems.ts';
import { rejoinRoom, type RejoinOptions } from './rejoin.ts';

const MINUTE_MS = 60_000;
const ENDED = { title: 'This conversation has ended.', hint: 'Start a new one.' };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A LiveKit server that takes tokens for 15 minutes; `attempts` are the tokens that were tried. */
function scene(change: Partial<RejoinOptions> = {}) {
  const validUntil = new Map([['first', Date.now() + 15 * MINUTE_MS]]);
  const attempts: string[] = [];
  let renewals = 0;
  const life = new AbortController();
  const options: RejoinOptions = {
    key: { url: 'wss://x', token: 'first', issuedAt: Date.now() },
    renew: () => {
      const token = `renewed-${++renewals}`;
      validUntil.set(token, Date.now() + 15 * MINUTE_MS);
      return Promise.resolve({ ok: true, value: { url: 'wss://x', token } });
    },
    join: ({ token }) => {
      attempts.push(token);
      const isValid = (validUntil.get(token) ?? 0) > Date.now();
      return isValid ? Promise.resolve() : Promise.reject(new Error('invalid token'));
    },
    signal: life.signal,
    ...change,
  };
  const run = async () => {
    const outcome = rejoinRoom(options);
    await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
    return outcome;
  };
  return { run, attempts, life };
}

describe('rejoining a room', () => {
  it('uses the current token while it is fresh, without a request', async () => {
    const renew = vi.fn();
    const { run, attempts } = scene({ renew });
    await vi.advanceTimersByTimeAsync(5 * MINUTE_MS);
    expect(await run()).toBeNull();
    expect(attempts).toEqual(['first']);
    expect(renew).not.toHaveBeenCalled();
  });

  it('gets a fresh token after more than 15 minutes, before the first attempt', async () => {
    const { run, attempts } = scene();
    await vi.advanceTimersByTimeAsync(20 * MINUTE_MS);
    expect(await run()).toBeNull();
    expect(attempts).toEqual(['renewed-1']);
  });

  it('does not request another token while the server is down', async () => {
    let tries = 0;
    const { run } = scene({
      join: () => (++tries < 4 ? Promise.reject(new Error('down')) : Promise.resolve()),
    });
    await vi.advanceTimersByTimeAsync(20 * MINUTE_MS);
    expect(await run()).toBeNull();
    expect(tries).toBe(4);
  });

  it('tries the old token while renewal fails, and requests again', async () => {
    const problem = { title: 'Patchbay cannot be reached.', hint: '' };
    const renew = vi
      .fn<RejoinOptions['renew']>()
      .mockResolvedValueOnce({ ok: false, status: 0, problem })
      .mockResolvedValueOnce({ ok: false, status: 503, problem })
      .mockResolvedValue({ ok: true, value: { url: 'wss://x', token: 'renewed' } });
    const joined: string[] = [];
    const join: RejoinOptions['join'] = ({ token }) => {
      joined.push(token);
      return token === 'renewed' ? Promise.resolve() : Promise.reject(new Error('invalid token'));
    };
    const { run } = scene({ renew, join });
    await vi.advanceTimersByTimeAsync(20 * MINUTE_MS);
    expect(await run()).toBeNull();
    expect(joined).toEqual(['first', 'first', 'renewed']);
  });

  it('ends with the reason when the conversation is over for this user', async () => {
    const renew = vi.fn().mockResolvedValue({ ok: false, status: 409, problem: ENDED });
    const { run, attempts } = scene({ renew });
    await vi.advanceTimersByTimeAsync(20 * MINUTE_MS);
    expect(await run()).toBe(ENDED);
    expect(attempts).toEqual([]);
    expect(renew).toHaveBeenCalledOnce();
  });

  it('stops after a minute, and at once when the conversation ends', async () => {
    const join = vi.fn().mockRejectedValue(new Error('down'));
    expect(await scene({ join }).run()).toBe(UNREACHABLE_ROOM);
    expect(join).toHaveBeenCalledTimes(30);

    join.mockClear();
    const ended = scene({ join });
    ended.life.abort();
    expect(await ended.run()).toBeNull();
    expect(join).not.toHaveBeenCalled();
  });
});
