import assert from 'node:assert/strict';
import { bringAgent, LEASE_MS } from './bring-agent.ts';
import type { Agent, Dispatch, SessionRoom } from './session-room.ts';

const NOW = 1_000_000;
const LONG_AGO = NOW - 60_000;

interface World {
  agents?: Agent[];
  live?: string[];
  dispatches?: Dispatch[];
  rival?: Dispatch;
  pingMs?: number;
}

function agent(identity: string, joinedAt = LONG_AGO): Agent {
  return { identity, joinedAt };
}

function dispatch(id: string, createdAt: number, hasRunningJob = false): Dispatch {
  return { id, createdAt, hasRunningJob };
}

async function bring({ agents = [], live = [], dispatches = [], rival, pingMs = 0 }: World) {
  let now = NOW;
  let made = 0;
  const events: string[] = [];
  const list = [...dispatches];
  const room: SessionRoom = {
    agents: () => Promise.resolve([...agents]),
    answers: ({ identity }) => {
      now += pingMs;
      return Promise.resolve(live.includes(identity));
    },
    remove: ({ identity }) => Promise.resolve(void events.push(`remove ${identity}`)),
    dispatches: () => Promise.resolve([...list]),
    dropDispatch: ({ id }) => {
      list.splice(
        list.findIndex((entry) => entry.id === id),
        1,
      );
      return Promise.resolve(void events.push(`drop ${id}`));
    },
    dispatch: () => {
      if (rival) list.push(rival);
      list.push(dispatch(`new-${(made += 1)}`, now));
      events.push('dispatch');
      return Promise.resolve({ id: `new-${made}` });
    },
  };
  const dispatched = await bringAgent(room, { claimedAt: NOW, now: () => now });
  return { dispatched, events, left: list.map(({ id }) => id) };
}

Deno.test('an agent that answers is left in peace', async () => {
  assert.deepEqual(await bring({ agents: [agent('a')], live: ['a'] }), {
    dispatched: false,
    events: [],
    left: [],
  });
});

Deno.test('an empty room gets an agent', async () => {
  const { dispatched, events } = await bring({});
  assert.deepEqual([dispatched, events], [true, ['dispatch']]);
});

Deno.test('a ghost is removed, its spent dispatch dropped, and a new agent called', async () => {
  const { dispatched, events, left } = await bring({
    agents: [agent('ghost', NOW - 8_000)],
    dispatches: [dispatch('old', NOW - 8_300, true)],
  });
  assert.equal(dispatched, true);
  assert.deepEqual(events, ['remove ghost', 'drop old', 'dispatch']);
  assert.deepEqual(left, ['new-1']);
});

Deno.test('a dispatch made after the ghost came is still on its way', async () => {
  const { dispatched, events } = await bring({
    agents: [agent('ghost', NOW - 8_000)],
    dispatches: [dispatch('old', NOW - 8_300, true), dispatch('newer', NOW - 1_000)],
  });
  assert.deepEqual([dispatched, events], [false, ['remove ghost']]);
});

Deno.test('an agent that has just come may still be silent', async () => {
  assert.deepEqual((await bring({ agents: [agent('new', NOW - 1_000)] })).events, []);
});

Deno.test('a fresh dispatch is waited for; one that no worker took is replaced', async () => {
  assert.equal((await bring({ dispatches: [dispatch('fresh', NOW - 3_000)] })).dispatched, false);
  const { dispatched, events } = await bring({ dispatches: [dispatch('stale', NOW - 6_000)] });
  assert.deepEqual([dispatched, events], [true, ['drop stale', 'dispatch']]);
});

Deno.test('a job that starts slowly gets more time, but not for ever', async () => {
  assert.equal((await bring({ dispatches: [dispatch('slow', NOW - 10_000, true)] })).dispatched, false);
  assert.equal((await bring({ dispatches: [dispatch('lost', NOW - 20_000, true)] })).dispatched, true);
});

Deno.test('of two agents that answer, the first stays', async () => {
  const { dispatched, events } = await bring({
    agents: [agent('second', NOW - 10_000), agent('first', NOW - 20_000)],
    live: ['first', 'second'],
  });
  assert.deepEqual([dispatched, events], [false, ['remove second']]);
});

Deno.test('of dispatches made side by side only the oldest stays', async () => {
  const { dispatched, left } = await bring({ rival: dispatch('rival', NOW - 5) });
  assert.deepEqual([dispatched, left], [false, ['rival']]);
});

Deno.test('nobody is called when the lease is about to run out', async () => {
  const { dispatched, events } = await bring({ agents: [agent('ghost')], pingMs: LEASE_MS });
  assert.deepEqual([dispatched, events], [false, ['remove ghost']]);
});
