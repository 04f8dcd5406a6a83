import { AppError } from '@patchbay/shared/contract/errors';
import type { CatalogTool } from '@patchbay/shared/engine/tools/catalog';
import type { CallOptions, Connection, ConnectionOptions } from '@patchbay/shared/engine/session/connection';
import type { CallResult } from '@patchbay/shared/engine/calls/result';
import { ResultCache } from '@patchbay/shared/engine/calls/result-cache';
import type { Credential } from '@patchbay/shared/engine/session/target';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { GRACE_MS } from './outage.ts';
import type { LinkState } from './link-state.ts';
import { ServerLink, type ServerLinkOptions } from './server-link.ts';
import { snapshotServer } from '../testing/snapshot.ts';

const server = snapshotServer({ id: 'c', name: 'clock', call_timeout_ms: 200 });
const result: CallResult = {
  isError: false,
  speech: 'ok',
  text: 'ok',
  raw: { content: [] },
  truncated: false,
};
const refused = new AppError('connection_refused');

/** A link over a connection whose states the test decides. */
function linked(options: Partial<ServerLinkOptions> = {}) {
  const calls: { tool: string; options: CallOptions | undefined; end: (error?: AppError) => void }[] = [];
  const states: string[] = [];
  let tell: ConnectionOptions['onState'];
  let list: ConnectionOptions['onCatalog'];
  const fake = {
    closed: false,
    state: { name: 'connecting' } as LinkState,
    facts: null,
    catalog: null,
    woken: 0,
    wake: () => {
      fake.woken += 1;
    },
    close: async () => {
      fake.closed = true;
    },
    call: (tool: string, _args: unknown, callOptions?: CallOptions) =>
      new Promise<CallResult>((resolve, reject) => {
        calls.push({ tool, options: callOptions, end: (error) => (error ? reject(error) : resolve(result)) });
      }),
  };
  const link = new ServerLink({
    server,
    cache: new ResultCache({ now: () => 0 }),
    credentialOf: async () => ({ method: 'none' }),
    open: (_target, events) => {
      tell = events.onState;
      list = events.onCatalog;
      // The link touches nothing of a connection but what the fake has.
      return fake as unknown as Connection;
    },
    onState: ({ state }) => states.push(state.name),
    onCatalog: () => {},
    onAvailability: () => {},
    ...options,
  });
  const enter = (state: LinkState) => {
    fake.state = state;
    tell?.(state as Parameters<NonNullable<typeof tell>>[0], fake as unknown as Connection);
  };
  const listed = (tools: CatalogTool[]) => list?.({ tools, skipped: [] }, fake as unknown as Connection);
  const opened = () => expect.poll(() => tell !== undefined, { interval: 1 }).toBe(true);
  return { link, fake, calls, states, enter, listed, opened };
}

describe('a link to a server', () => {
  it('lets an early call wait for the credential, and then gives it the rest of its time', async () => {
    const key = Promise.withResolvers<Credential>();
    const { link, calls } = linked({ credentialOf: () => key.promise });
    const call = link.call('now', {}, {});
    expect(calls).toHaveLength(0);
    key.resolve({ method: 'none' });
    await expect.poll(() => calls.length, { interval: 1 }).toBe(1);
    expect(calls[0]?.options?.timeoutMs).toBeLessThanOrEqual(200);
    calls[0]?.end();
    expect(await call).toBe(result);
  });

  it('is no worse while Patchbay puts its attempts off', async () => {
    const { link, enter, states, opened } = linked();
    await opened();
    enter({ name: 'waiting', error: new AppError('host_busy', { retryAfterMs: 17_000 }) });
    expect(link.state).toEqual({ name: 'connecting' });
    expect(link.outage).toBe(null);
    expect(states).not.toContain('waiting');
  });

  it('gives up an early call after the time-out of the server', async () => {
    const { link } = linked({ credentialOf: () => new Promise(() => {}) });
    await expect(link.call('now', {}, {})).rejects.toMatchObject({ code: 'timeout' });
  });

  it.each<LinkState>([{ name: 'connecting' }, { name: 'discovering' }, { name: 'waiting', error: refused }])(
    'leaves a call to its connection when that is $name',
    async (state) => {
      const { link, calls, enter, opened } = linked();
      await opened();
      enter(state);
      const call = link.call('now', {}, {});
      await expect.poll(() => calls.length, { interval: 1 }).toBe(1);
      calls[0]?.end(refused);
      await expect(call).rejects.toBe(refused);
    },
  );

  it('tells that the credential is missing, and connects to nothing', async () => {
    const missing = new AppError('credential_missing');
    const { link, states } = linked({ credentialOf: () => Promise.reject(missing) });
    await expect(link.call('now', {}, {})).rejects.toBe(missing);
    expect(states).toEqual(['needs_credentials']);
  });

  it('lets a waiting call be cancelled', async () => {
    const { link } = linked({ credentialOf: () => new Promise(() => {}) });
    const abort = new AbortController();
    const call = link.call('now', {}, { signal: abort.signal });
    abort.abort();
    await expect(call).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('dials again when somebody else reached the server, unless it is up', async () => {
    const { link, fake, enter, opened } = linked();
    await opened();
    enter({ name: 'ready' });
    link.retryNow();
    expect(fake.woken).toBe(0);
    enter({ name: 'waiting', error: refused });
    link.retryNow();
    enter({ name: 'needs_credentials', error: new AppError('unauthorized') });
    link.retryNow();
    expect(fake.woken).toBe(2);
  });

  it('finishes the calls that run on it before it ends, and is silent from then on', async () => {
    const { link, fake, calls, states, enter, opened } = linked();
    await opened();
    enter({ name: 'ready' });
    const call = link.call('slow', {}, {});
    await expect.poll(() => calls.length, { interval: 1 }).toBe(1);
    const told = states.length;
    const retired = link.retire();
    enter({ name: 'waiting', error: refused });
    expect(fake.closed).toBe(false);
    calls[0]?.end();
    expect(await call).toBe(result);
    await retired;
    expect([fake.closed, states.length]).toEqual([true, told]);
  });
});

describe('a server that goes down', () => {
  afterEach(() => void vi.useRealTimers());

  const down = async () => {
    const reached: boolean[] = [];
    const made = linked({ onAvailability: ({ isWithdrawn }) => reached.push(isWithdrawn) });
    await made.opened();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    made.enter({ name: 'ready' });
    made.enter({ name: 'waiting', error: refused });
    return { ...made, reached };
  };

  it('keeps its tools for the grace time, whatever it tries meanwhile, and says when it is over', async () => {
    const { link, enter, reached } = await down();
    expect([link.isWithdrawn, link.outage]).toEqual([false, refused]);
    await vi.advanceTimersByTimeAsync(GRACE_MS / 2);
    enter({ name: 'connecting' });
    enter({ name: 'waiting', error: refused });
    await vi.advanceTimersByTimeAsync(GRACE_MS / 2 - 1);
    expect([link.isWithdrawn, reached]).toEqual([false, []]);
    await vi.advanceTimersByTimeAsync(1);
    expect([link.isWithdrawn, reached]).toEqual([true, [true]]);
  });

  it('comes back by itself', async () => {
    const { link, enter, reached } = await down();
    await vi.advanceTimersByTimeAsync(GRACE_MS);
    enter({ name: 'connecting' });
    expect(link.isWithdrawn).toBe(true);
    enter({ name: 'ready' });
    expect([link.isWithdrawn, link.outage, reached]).toEqual([false, null, [true, false]]);
  });

  it('loses nothing when it is back in time', async () => {
    const { enter, reached } = await down();
    await vi.advanceTimersByTimeAsync(GRACE_MS - 1);
    enter({ name: 'ready' });
    await vi.advanceTimersByTimeAsync(GRACE_MS);
    expect(reached).toEqual([]);
  });

  it('says nothing more once it was removed', async () => {
    const { link, reached } = await down();
    await link.close();
    await vi.advanceTimersByTimeAsync(GRACE_MS);
    expect(reached).toEqual([]);
  });

  it('is told once an outage', async () => {
    const { link, enter } = await down();
    expect([link.reportOutage(), link.reportOutage()]).toEqual([false, true]);
    enter({ name: 'ready' });
    expect(link.reportOutage()).toBe(false);
  });
});

describe('a tool whose answers may be kept', () => {
  const now = { name: 'now', input_schema: { type: 'object' }, fingerprint: 'f1' };
  const stored = { ...now, is_enabled: true, is_pinned: false, cache_ttl_seconds: 60, access: null };
  const cached = async () => {
    const made = linked({ server: { ...server, tools: [stored] } });
    await made.opened();
    made.enter({ name: 'ready' });
    const ask = async () => {
      const before = made.calls.length;
      const call = made.link.call('now', {}, { cacheTtlMs: 60_000 });
      await Promise.race([call, expect.poll(() => made.calls.length, { interval: 1 }).toBe(before + 1)]);
      made.calls[before]?.end();
      return call;
    };
    return { ...made, ask };
  };

  it('is asked once, and again when its server says that it changed', async () => {
    const { calls, listed, ask } = await cached();
    await ask();
    expect((await ask()).cached).toEqual({ ageMs: 0, isStale: false });
    listed([now]);
    await ask();
    expect(calls).toHaveLength(1);
    listed([{ ...now, fingerprint: 'f2' }]);
    await ask();
    expect(calls).toHaveLength(2);
  });

  it('is not asked with arguments that are nested without end, which nothing could compare', async () => {
    const { link, calls } = await cached();
    const args = JSON.parse(`{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`) as Record<string, unknown>;
    await expect(link.call('now', args, { cacheTtlMs: 60_000 })).rejects.toMatchObject({
      code: 'invalid_arguments',
    });
    expect(calls).toHaveLength(0);
  });

  it('is asked each time by those who do not allow it', async () => {
    const { link, calls, ask } = await cached();
    await ask();
    const call = link.call('now', {}, {});
    await expect.poll(() => calls.length, { interval: 1 }).toBe(2);
    calls[1]?.end();
    expect((await call).cached).toBeUndefined();
  });

  it('is asked again after a reconnect by hand', async () => {
    const { link, calls, enter, ask } = await cached();
    await ask();
    enter({ name: 'waiting', error: refused });
    link.retryNow();
    enter({ name: 'ready' });
    await ask();
    expect(calls).toHaveLength(2);
  });

  it('leaves nothing behind when its server is configured anew', async () => {
    const { link, calls, ask } = await cached();
    await ask();
    const slow = link.call('slow', {}, {});
    await expect.poll(() => calls.length, { interval: 1 }).toBe(2);
    void link.retire();
    expect((await ask()).cached).toBeUndefined();
    calls[1]?.end();
    await slow;
  });
});
