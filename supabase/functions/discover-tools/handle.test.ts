import assert from 'node:assert/strict';
import type { ProbeResult } from '../../../shared/src/engine/probe/probe.ts';
import type { Role } from '../../../shared/src/contract/schema/workspace.ts';
import {
  fakeDatabase,
  fakeProbe,
  keys,
  SERVER_ID,
  storedServer,
  WORKSPACE_ID,
  works,
  wrongKey,
} from '../_shared/fixtures.ts';
import { handle, type DiscoverToolsDeps } from './handle.ts';
import { assertMatches } from '../_shared/testing/assert-matches.ts';

type StoreCall = Parameters<DiscoverToolsDeps['database']['storeCatalog']>;

async function discover({
  role = 'member',
  result = works,
  stored = true,
}: { role?: Role | null; result?: ProbeResult; stored?: boolean } = {}) {
  const storeCalls: StoreCall[] = [];
  let time = Date.parse('2026-11-22T12:00:00Z');
  const database = {
    ...fakeDatabase(await storedServer(), { role }),
    storeCatalog: (...call: StoreCall) => {
      storeCalls.push(call);
      return Promise.resolve({ added: ['add_note'], changed: [], removed: ['old'], stored, over_limit: 83 });
    },
  };
  const answer = await handle(
    { server_id: SERVER_ID },
    {
      database,
      probe: fakeProbe(result),
      settings: { policy: 'local', timeoutMs: 1000 },
      readKeys: () => keys,
      now: () => new Date((time += 1000)),
    },
  );
  return { ...answer, storeCalls, observations: database.observations, counted: database.counted };
}

Deno.test('the catalog and the status are stored, and the answer says what changed', async () => {
  const { status, body, storeCalls, observations, counted } = await discover();
  assert.equal(status, 200);
  assert.deepEqual(counted, [['probes', WORKSPACE_ID]]);
  assert.deepEqual(body, {
    added: ['add_note'],
    changed: [],
    removed: ['old'],
    tools: works.tools,
    skipped: [],
    over_limit: 83,
    note: null,
  });
  assert.equal(storeCalls[0]?.[0].config_version, 7);
  assert.equal(observations[0]?.status, 'connected');
});

Deno.test('a note about the tool list is stored with it and returned', async () => {
  const note = 'The list of tools does not end properly.';
  const { body, storeCalls } = await discover({ result: { ...works, note } });
  assertMatches(body, { note });
  assertMatches(storeCalls[0]?.[2], { note });
});

Deno.test('the list is dated with the beginning of the probe, the status with its end', async () => {
  const { storeCalls, observations } = await discover();
  assert.equal(storeCalls[0]?.[1].toISOString(), '2026-11-22T12:00:01.000Z');
  assert.equal(observations[0]?.observed_at, '2026-11-22T12:00:02.000Z');
});

Deno.test('a server that cannot be read leaves the catalog alone and is reported', async () => {
  const { status, body, storeCalls, observations } = await discover({ result: wrongKey });
  assert.equal(status, 502);
  assertMatches(body, { code: 'unauthorized', phase: 'authenticate' });
  assert.deepEqual(storeCalls, []);
  assert.equal(observations[0]?.status, 'needs_auth');
});

Deno.test('a server that was edited meanwhile is a conflict', async () => {
  assert.equal((await discover({ stored: false })).status, 409);
});

Deno.test('rights: not there for strangers, not for viewers', async () => {
  assert.equal((await discover({ role: null })).status, 404);
  assert.equal((await discover({ role: 'viewer' })).status, 403);
  assert.equal((await discover({ role: 'admin' })).status, 200);
});
