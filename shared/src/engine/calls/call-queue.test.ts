import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../contract/errors.ts';
import { CallQueue, type SessionSource } from './call-queue.ts';
import type { CallOptions } from '../session/connection.ts';
import type { CallRequest } from '../session/session.ts';
import type { ServerTarget } from '../session/target.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const answer = { content: [{ type: 'text' as const, text: 'done' }] };

/** CallQueue on a source that is always open, before a server whose answers the test gives. */
function callsOn(maxConcurrency: number, refusal: AppError | null = null) {
  const requests: (CallRequest & { finish: () => void })[] = [];
  const source: SessionSource = {
    waitForSession: () =>
      Promise.resolve({
        generation: 1,
        session: {
          call: (request) =>
            new Promise((resolve, reject) => {
              requests.push({ ...request, finish: () => resolve(answer) });
              request.signal.addEventListener('abort', () => reject(request.signal.reason as Error));
            }),
        },
      }),
    prepare: (_tool, args) => {
      if (refusal) throw refusal;
      return args;
    },
    report: () => {},
  };
  // The rest of a target is for the connection.
  const target = { maxConcurrency, callTimeoutMs: 1_000 } as ServerTarget;
  const calls = new CallQueue(target, source, Date.now);
  const call = (tool: string, options: CallOptions = {}) =>
    calls.call(tool, {}, options).then(
      ({ speech }) => speech,
      (error: AppError) => error.code,
    );
  const settled = () => vi.advanceTimersByTimeAsync(0);
  return { calls, call, requests, settled };
}

describe('the timeout of a tool call', () => {
  it('restarts with each progress notification', async () => {
    const { call, requests, settled } = callsOn(1);
    const outcome = call('slow');
    await settled();
    for (let i = 0; i < 5; i += 1) {
      await vi.advanceTimersByTimeAsync(900);
      requests[0]?.onProgress?.({ progress: i });
    }
    requests[0]?.finish();
    expect(await outcome).toBe('done');
  });

  it('expires without progress, and at the ceiling whatever is reported', async () => {
    const { call, requests, settled } = callsOn(2);
    const [quiet, chatty] = [call('quiet'), call('chatty')];
    const endedAt: Record<string, number> = {};
    const startedAt = Date.now();
    void quiet.then((code) => (endedAt[`quiet ${code}`] = Date.now() - startedAt));
    void chatty.then((code) => (endedAt[`chatty ${code}`] = Date.now() - startedAt));
    await settled();
    for (let i = 0; i < 40; i += 1) {
      await vi.advanceTimersByTimeAsync(500);
      requests[1]?.onProgress?.({ progress: i });
    }
    expect(endedAt).toEqual({ 'quiet timeout': 1_000, 'chatty timeout': 10_000 });
  });

  it('also runs while the call is queued', async () => {
    const { call, requests } = callsOn(1);
    const outcomes = [call('first', { timeoutMs: 5_000 }), call('second')];
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await outcomes[1]).toBe('timeout');
    requests[0]?.finish();
    expect(await outcomes[0]).toBe('done');
    expect(requests).toHaveLength(1);
  });
});

describe('the queue of tool calls', () => {
  it('serves callers in turns and reports the wait to each call', async () => {
    const { call, requests } = callsOn(1);
    const waits: number[] = [];
    const ask = (caller: string) =>
      call(caller, { caller, timeoutMs: 60_000, onDequeued: (ms) => waits.push(ms) });
    const outcomes = [...'aaaab'].map(ask);
    for (let i = 0; i < 5; i += 1) {
      await vi.advanceTimersByTimeAsync(10);
      requests[i]?.finish();
    }
    await Promise.all(outcomes);
    // One runs at once; of those that wait, the other caller's comes among the first.
    expect(requests.map(({ tool }) => tool).indexOf('b')).toBeLessThan(3);
    expect(waits).toEqual([0, 10, 20, 30, 40]);
  });

  it('refuses calls beyond its size at once, but still takes one of another caller', async () => {
    const { calls, call, requests } = callsOn(1);
    const outcomes = Array.from({ length: 30 }, () => call('x', { caller: 'greedy', timeoutMs: 60_000 }));
    const refused = await Promise.race(outcomes);
    expect(refused).toBe('queue_full');
    const modest = call('y', { caller: 'modest', timeoutMs: 60_000 });
    requests[0]?.finish();
    await vi.advanceTimersByTimeAsync(0);
    requests[1]?.finish();
    await vi.advanceTimersByTimeAsync(0);
    requests[2]?.finish();
    expect(await modest).toBe('done');
    calls.stopAll(new AppError('cancelled'));
    await Promise.all(outcomes);
  });

  it('gives the places of cancelled calls to others', async () => {
    const { calls, call } = callsOn(1);
    const cancel = new AbortController();
    const waiting = Array.from({ length: 17 }, () => call('x', { signal: cancel.signal }));
    expect(await call('x')).toBe('queue_full');
    cancel.abort();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['cancelled']));
    const next = call('x');
    calls.stopAll(new AppError('cancelled'));
    expect(await next).toBe('cancelled');
  });

  it('does not take a call that the server would refuse', async () => {
    const { call, requests } = callsOn(1, new AppError('invalid_arguments'));
    expect(await call('x')).toBe('invalid_arguments');
    expect(requests).toHaveLength(0);
  });
});
