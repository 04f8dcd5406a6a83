import { describe, expect, it } from 'vitest';
import { AppError, type ErrorCode } from '../../contract/errors.ts';
import { ResultCache, type CachedCall, type ResultCacheOptions } from './result-cache.ts';
import { readResult, type CallResult } from './result.ts';

const MINUTE_MS = 60_000;
const CALL: CachedCall = {
  target: {
    serverId: 'clock',
    configVersion: 1,
    credential: { method: 'bearer_token', secret: 'of-anna' },
  },
  tool: { name: 'now', fingerprint: 'f1' },
  args: { zone: 'UTC', format: { short: true, words: 2 } },
};
const says = (text: string) => readResult({ content: [{ type: 'text', text }] });

/** A cache on a clock that the test turns, before a server that numbers its answers. */
function cached(options: Partial<ResultCacheOptions> = {}) {
  const clock = { now: 0 };
  const cache = new ResultCache({ now: () => clock.now, ...options });
  const server = {
    calls: 0,
    answer: (_signal: AbortSignal): Promise<CallResult> => Promise.resolve(says(`answer ${server.calls}`)),
  };
  const ask = (call: Partial<CachedCall> = {}, signal?: AbortSignal, ttlMs = MINUTE_MS) =>
    cache.call({ ...CALL, ...call }, { ttlMs, signal }, (stop) => {
      server.calls += 1;
      return server.answer(stop);
    });
  const fail = (code: ErrorCode) => (server.answer = () => Promise.reject(new AppError(code)));
  return { cache, clock, server, ask, fail };
}

describe('a marked tool', () => {
  it('is asked once while its answer is fresh, and again after that', async () => {
    const { clock, server, ask } = cached();
    expect((await ask()).cached).toBeUndefined();
    clock.now = MINUTE_MS - 1;
    expect(await ask()).toMatchObject({
      speech: 'answer 1',
      cached: { ageMs: MINUTE_MS - 1, isStale: false },
    });
    clock.now = MINUTE_MS;
    expect((await ask()).speech).toBe('answer 2');
    expect(server.calls).toBe(2);
  });

  it('is asked again when the user shortened the time', async () => {
    const { clock, server, ask } = cached();
    await ask();
    clock.now = 5_000;
    await ask({}, undefined, 1_000);
    expect(server.calls).toBe(2);
  });

  it('is the same call whatever the order of the arguments', async () => {
    const { server, ask } = cached();
    await ask();
    await ask({ args: { format: { words: 2, short: true }, zone: 'UTC' } });
    expect(server.calls).toBe(1);
  });

  it.each<[string, Partial<CachedCall>]>([
    ['other arguments', { args: { zone: 'CET' } }],
    ['another tool', { tool: { name: 'today', fingerprint: 'f1' } }],
    ['a tool that changed', { tool: { name: 'now', fingerprint: 'f2' } }],
    ['another server', { target: { ...CALL.target, serverId: 'other' } }],
    ['another configuration', { target: { ...CALL.target, configVersion: 2 } }],
    [
      'somebody else',
      { target: { ...CALL.target, credential: { method: 'bearer_token', secret: 'of-ben' } } },
    ],
    ['nobody', { target: { ...CALL.target, credential: { method: 'none' } } }],
  ])('is asked anew for %s', async (_what, other) => {
    const { server, ask } = cached();
    await ask();
    expect((await ask(other)).cached).toBeUndefined();
    expect(server.calls).toBe(2);
  });

  it('does not keep what the tool itself calls an error', async () => {
    const { server, ask } = cached();
    server.answer = () => Promise.resolve({ ...says('no'), isError: true });
    await ask();
    await ask();
    expect(server.calls).toBe(2);
  });
});

describe('when the server fails', () => {
  it('the last answer stands in within its bound, marked with its age', async () => {
    const { clock, ask, fail } = cached({ staleForMs: 5 * MINUTE_MS });
    await ask();
    fail('connection_refused');
    clock.now = 6 * MINUTE_MS;
    expect(await ask()).toMatchObject({
      speech: 'answer 1',
      cached: { ageMs: 6 * MINUTE_MS, isStale: true },
    });
    clock.now += 1;
    await expect(ask()).rejects.toMatchObject({ code: 'connection_refused' });
  });

  it.each<ErrorCode>(['unauthorized', 'forbidden', 'tool_not_found', 'invalid_arguments', 'cancelled'])(
    'with %s, it does not',
    async (code) => {
      const { clock, ask, fail } = cached();
      await ask();
      fail(code);
      clock.now = 2 * MINUTE_MS;
      await expect(ask()).rejects.toMatchObject({ code });
    },
  );
});

describe('equal calls at the same time', () => {
  function slow() {
    const all = cached();
    const stops: AbortSignal[] = [];
    const ends: ((result: CallResult) => void)[] = [];
    all.server.answer = (stop) => {
      stops.push(stop);
      return new Promise((resolve, reject) => {
        ends.push(resolve);
        stop.addEventListener('abort', () => reject(stop.reason as Error));
      });
    };
    return { ...all, stops, ends };
  }

  it('share one flight', async () => {
    const { server, ask, ends } = slow();
    const calls = [ask(), ask(), ask()];
    ends[0]?.(says('one'));
    expect((await Promise.all(calls)).map(({ speech }) => speech)).toEqual(['one', 'one', 'one']);
    expect(server.calls).toBe(1);
  });

  it('do not take the answer from each other when one is given up', async () => {
    const { ask, stops, ends } = slow();
    const giveUp = new AbortController();
    const [first, second] = [ask({}, giveUp.signal), ask()];
    giveUp.abort();
    await expect(first).rejects.toMatchObject({ code: 'cancelled' });
    expect(stops[0]?.aborted).toBe(false);
    ends[0]?.(says('still'));
    expect((await second).speech).toBe('still');
  });

  it('end their flight when all are given up, and the next call begins its own', async () => {
    const { server, ask, stops, ends } = slow();
    const giveUp = new AbortController();
    const calls = [ask({}, giveUp.signal), ask({}, giveUp.signal)];
    giveUp.abort();
    await Promise.allSettled(calls);
    expect(stops[0]?.aborted).toBe(true);
    const next = ask();
    ends[1]?.(says('new'));
    expect((await next).speech).toBe('new');
    expect(server.calls).toBe(2);
  });

  it('get the answer of a flight that was forgotten, which nobody else gets', async () => {
    const { cache, server, ask, ends } = slow();
    const before = ask();
    cache.forget('clock');
    const after = ask();
    ends[0]?.(says('old'));
    ends[1]?.(says('new'));
    expect([(await before).speech, (await after).speech]).toEqual(['old', 'new']);
    expect((await ask()).speech).toBe('new');
    expect(server.calls).toBe(2);
  });
});

it('forgets the tools that are named, or the whole server, and nothing else', async () => {
  const { cache, server, ask } = cached();
  const other = { target: { ...CALL.target, serverId: 'other' } };
  const today = { tool: { name: 'today', fingerprint: 'f1' } };
  const askAll = async () => {
    server.calls = 0;
    await Promise.all([ask(), ask(today), ask(other)]);
    return server.calls;
  };
  expect(await askAll()).toBe(3);
  expect(await askAll()).toBe(0);
  cache.forget('clock', ['now', 'unknown']);
  expect(await askAll()).toBe(1);
  cache.forget('clock');
  expect(await askAll()).toBe(2);
});

it('gives up what was not asked for the longest when it holds too much', async () => {
  const { server, ask } = cached({ maxBytes: 4_000 });
  server.answer = () => Promise.resolve(says('x'.repeat(400)));
  const number = (n: number) => ask({ args: { n } });
  await number(1);
  await number(2);
  await number(1);
  await number(3);
  server.calls = 0;
  expect((await number(1)).cached).toBeDefined();
  await number(2);
  expect(server.calls).toBe(1);
});
