import { afterEach, describe, expect, it } from 'vitest';
import type { SessionSnapshot } from '@patchbay/shared/contract/schema/snapshot';
import type { Action } from './plan.ts';
import { Reconciler, type ReconcilerOptions } from './reconciler.ts';
import { EMPTY_TOOL_SET } from '../tools/tool-set.ts';
import { sessionSnapshot, snapshotServer, storedTool } from '../testing/snapshot.ts';

const clock = snapshotServer({ id: 'c', name: 'clock', tools: [storedTool('now')] });
const notes = snapshotServer({ id: 'n', name: 'notes', tools: [storedTool('add')] });

const started: Reconciler[] = [];
afterEach(() => {
  for (const reconciler of started.splice(0)) reconciler.wake('shutdown');
});

/** A reconciler over links that remember what they were told, and a desired state that can be set. */
function newReconciler(first: SessionSnapshot, options: Partial<ReconcilerOptions> = {}) {
  const world = {
    desired: first as SessionSnapshot | null,
    loads: 0,
    isWithdrawn: false,
    actions: [] as Action[],
    published: [] as string[][],
    gone: 0,
  };
  const held = new Map<string, number>();
  const gone = new Set<string>();
  const live = new Map<string, ReturnType<typeof storedTool>[]>();
  const reconciler = new Reconciler({
    load: async () => {
      world.loads += 1;
      if (world.isWithdrawn) throw new Error('away');
      return world.desired;
    },
    links: {
      get actual() {
        return [...held].map(([id, configVersion]) => ({ id, configVersion, credentialId: null }));
      },
      apply: (actions, servers) => {
        world.actions.push(...actions);
        for (const action of actions) {
          held.delete(action.serverId);
          const server = servers.find(({ id }) => id === action.serverId);
          if (action.do !== 'close' && server) held.set(server.id, server.config_version);
        }
      },
      of: (id) => ({ liveTools: live.get(id) ?? null, isWithdrawn: gone.has(id) }),
    },
    publish: ({ tools }) => world.published.push(tools.map(({ name }) => name)),
    onSnapshot: () => {},
    onSessionEnded: () => (world.gone += 1),
    log: { warn: () => {}, error: () => {} },
    ...options,
  });
  started.push(reconciler);
  return { reconciler, world, live, gone };
}

/** The same, and it runs. */
function reconcile(first: SessionSnapshot, options: Partial<ReconcilerOptions> = {}) {
  const parts = newReconciler(first, options);
  void parts.reconciler.run();
  return parts;
}

const until = (condition: () => boolean) => expect.poll(condition, { interval: 2 }).toBe(true);

describe('the reconciler', () => {
  it('publishes the stored catalog at once and opens every server', async () => {
    const { world } = reconcile(sessionSnapshot([clock, notes]));
    await until(() => world.published.length > 0);
    expect(world.published).toEqual([['clock__now', 'notes__add']]);
    expect(world.actions.map((action) => [action.do, action.serverId])).toEqual([
      ['open', 'c'],
      ['open', 'n'],
    ]);
    expect(world.loads).toBe(1);
  });

  it('sees with its first look what woke it before', async () => {
    const { reconciler, world } = newReconciler(sessionSnapshot([clock]));
    reconciler.wake('rejoin');
    reconciler.wake('hint');
    void reconciler.run();
    await reconciler.firstTools();
    await new Promise(setImmediate);
    expect(world.loads).toBe(1);
  });

  it('takes the tools that write from a user who becomes a viewer, and gives them back', async () => {
    const server = { ...notes, tools: [storedTool('add'), storedTool('list', { access: 'read' as const })] };
    const first = sessionSnapshot([server]);
    const viewed = { ...first, session: { ...first.session, role: 'viewer' as const } };
    const { reconciler, world } = reconcile(first);
    for (const [desired, names] of [
      [first, ['notes__add', 'notes__list']],
      [viewed, ['notes__list']],
      [first, ['notes__add', 'notes__list']],
    ] as const) {
      world.desired = desired;
      reconciler.wake('hint');
      await expect.poll(() => world.published.at(-1), { interval: 2 }).toEqual(names);
    }
    expect(world.actions.filter((action) => action.do !== 'open')).toEqual([]);
  });

  it('has no tools while the first look fails, and looks again soon', async () => {
    const { reconciler, world } = newReconciler(sessionSnapshot([clock]), { resyncMs: 5 });
    world.isWithdrawn = true;
    void reconciler.run();
    await until(() => world.loads >= 2);
    expect(reconciler.isSettled(EMPTY_TOOL_SET)).toBe(false);
    expect(world.published).toEqual([]);
    world.isWithdrawn = false;
    await reconciler.firstTools();
    expect(world.published).toEqual([['clock__now']]);
    expect(reconciler.isSettled(EMPTY_TOOL_SET)).toBe(false);
    world.desired = sessionSnapshot([]);
    await until(() => reconciler.isSettled(EMPTY_TOOL_SET));
  });

  it.each(['hint', 'rejoin', 'timer', 'user'] as const)('looks again on %s, and follows', async (reason) => {
    const { reconciler, world } = reconcile(sessionSnapshot([clock]));
    world.desired = sessionSnapshot([notes]);
    reconciler.wake(reason);
    await until(() => world.published.length === 2);
    expect(world.published.at(-1)).toEqual(['notes__add']);
    expect(world.actions.slice(1)).toEqual([
      { do: 'close', serverId: 'c' },
      { do: 'open', serverId: 'n' },
    ]);
  });

  it('takes the tools of a live connection without asking the database', async () => {
    const { reconciler, world, live } = reconcile(sessionSnapshot([clock]));
    live.set('c', [storedTool('now'), storedTool('later')]);
    reconciler.wake('connection');
    await until(() => world.published.length === 2);
    expect(world.published.at(-1)).toEqual(['clock__now', 'clock__later']);
    expect(world.loads).toBe(1);
  });

  it('takes the tools of a server that is gone away, and brings them back', async () => {
    const { reconciler, world, gone } = reconcile(sessionSnapshot([clock, notes]));
    gone.add('c');
    reconciler.wake('connection');
    await until(() => world.published.length === 2);
    expect(world.published.at(-1)).toEqual(['notes__add']);
    gone.clear();
    reconciler.wake('connection');
    await until(() => world.published.length === 3);
    expect(world.published.at(-1)).toEqual(['clock__now', 'notes__add']);
    expect(world.actions.map((action) => action.do)).toEqual(['open', 'open']);
  });

  it('looks by itself after a while, in case a hint was lost', async () => {
    const { world } = reconcile(sessionSnapshot([clock]), { resyncMs: 5 });
    world.desired = sessionSnapshot([]);
    await until(() => world.published.at(-1)?.length === 0);
  });

  it('makes one look of many hints that come together', async () => {
    const { reconciler, world } = reconcile(sessionSnapshot([clock]));
    for (let hint = 0; hint < 20; hint += 1) reconciler.wake('hint');
    await until(() => world.published.length >= 2);
    expect(world.loads).toBeLessThanOrEqual(2);
  });

  it('leaves everything as it is while the database is away, and catches up', async () => {
    const { reconciler, world } = reconcile(sessionSnapshot([clock]), { resyncMs: 20 });
    await reconciler.firstTools();
    world.isWithdrawn = true;
    reconciler.wake('hint');
    await until(() => world.loads >= 3);
    expect(new Set(world.published.map(String))).toEqual(new Set(['clock__now']));
    world.desired = sessionSnapshot([notes]);
    world.isWithdrawn = false;
    await until(() => String(world.published.at(-1)) === 'notes__add');
  });

  it('ends on shutdown, also in the middle of a look', async () => {
    const look = Promise.withResolvers<SessionSnapshot>();
    const looks = [Promise.resolve(sessionSnapshot([clock])), look.promise];
    const { reconciler, world } = reconcile(sessionSnapshot([]), { load: async () => looks.shift()! });
    await reconciler.firstTools();
    reconciler.wake('hint');
    reconciler.wake('shutdown');
    look.resolve(sessionSnapshot([notes]));
    await look.promise;
    reconciler.wake('hint');
    await new Promise(setImmediate);
    expect(world.published).toEqual([['clock__now']]);
  });

  it('says once when the conversation is gone, and rests', async () => {
    const { reconciler, world } = reconcile(sessionSnapshot([clock]));
    await reconciler.firstTools();
    world.desired = null;
    reconciler.wake('hint');
    await until(() => world.gone === 1);
    reconciler.wake('hint');
    expect(world.published).toHaveLength(1);
  });
});
