import assert from 'node:assert/strict';
import { TestConnectionBody, type ProbeFailure } from '../../../shared/src/contract/schema/functions.ts';
import type { Role } from '../../../shared/src/contract/schema/workspace.ts';
import type { ProbeResult } from '../../../shared/src/engine/probe/probe.ts';
import type { ProbeServer } from '../../../shared/src/contract/schema/snapshot.ts';
import { seal } from '../../../shared/src/engine/secrets/secret-envelope.ts';
import { DatabaseRefusal } from '../_shared/read.ts';
import {
  fakeDatabase,
  fakeProbe,
  keys,
  NOW,
  SECRET,
  SERVER_ID,
  storedServer,
  USER_ID,
  WORKSPACE_ID,
  works,
  wrongKey,
} from '../_shared/fixtures.ts';
import { handle } from './handle.ts';

const settings = { policy: 'local', timeoutMs: 1234 } as const;

async function test(
  body: unknown,
  {
    role = 'member',
    server = {},
    result = works,
  }: { role?: Role | null; server?: Partial<ProbeServer>; result?: ProbeResult } = {},
) {
  const database = fakeDatabase(await storedServer(server), { role });
  const probe = fakeProbe(result);
  const answer = await handle(TestConnectionBody.parse(body), {
    database,
    probe,
    settings,
    readKeys: () => keys,
    now: () => NOW,
  });
  return { ...answer, probed: probe.calls, observations: database.observations, counted: database.counted };
}

Deno.test(
  'a draft is probed with its credential, under the policy and timeout, and nothing is stored',
  async () => {
    const { status, body, probed, observations } = await test({
      url: 'https://x.example/mcp',
      protocol_era: 'stateless',
      auth_method: 'api_key',
      auth_header: 'X-Key',
      credential: 'k1',
    });
    assert.equal(status, 200);
    assert.deepEqual(body, { ...works, over_limit: 0 });
    assert.deepEqual(probed[0]?.[0], {
      url: 'https://x.example/mcp',
      transport: 'auto',
      protocolEra: 'stateless',
      credential: { method: 'api_key', header: 'X-Key', secret: 'k1' },
    });
    assert.deepEqual(probed[0]?.[1], settings);
    assert.deepEqual(observations, []);
  },
);

Deno.test('tools beyond the limit are counted: they would not be stored', async () => {
  const tools = Array.from({ length: 1_083 }, (_, place) => ({
    name: `tool-${place}`,
    input_schema: { type: 'object' },
    fingerprint: 'f',
  }));
  for (const named of [{ url: 'https://x.example/mcp' }, { server_id: SERVER_ID }]) {
    const { body } = await test(named, { result: { ...works, tools } });
    assert.equal((body as { over_limit: number }).over_limit, 83);
  }
});

Deno.test('text that is no address is a finding of the test, not a malformed body', async () => {
  const { probed } = await test({ url: 'not a url' });
  assert.equal(probed[0]?.[0].url, 'not a url');
});

Deno.test('a method that needs a credential is not tried without one', async () => {
  const { body, probed } = await test({ url: 'https://x.example/mcp', auth_method: 'bearer_token' });
  const failure = body as ProbeFailure;
  assert.deepEqual([failure.ok, failure.phase, failure.code], [false, 'authenticate', 'credential_missing']);
  assert.equal(probed.length, 0);
});

Deno.test('a stored server is probed with its own credential and its status reported', async () => {
  const { status, probed, observations } = await test({ server_id: SERVER_ID });
  assert.equal(status, 200);
  assert.deepEqual(probed[0]?.[0].credential, { method: 'api_key', header: 'X-API-Key', secret: SECRET });
  const [observation] = observations;
  assert.equal(observation?.source, 'function');
  assert.equal(observation.status, 'connected');
  assert.equal(observation.config_version, 7);
  assert.equal(observation.observed_at, NOW.toISOString());
  assert.equal(observation.latency_ms, 4);
  assert.deepEqual(observation.phases, {
    address_ms: 1,
    connect_ms: 2,
    authenticate_ms: 3,
    initialize_ms: 4,
    list_tools_ms: 5,
  });
});

Deno.test('a failed test is an answer of 200 that says what failed, and the status says so too', async () => {
  const { status, body, observations } = await test({ server_id: SERVER_ID }, { result: wrongKey });
  assert.equal(status, 200);
  assert.deepEqual(body, wrongKey);
  assert.deepEqual([observations[0]?.status, observations[0]?.error_code], ['needs_auth', 'unauthorized']);
  const hanging = await test(
    { server_id: SERVER_ID },
    { result: { ...wrongKey, phase: 'connect', code: 'timeout' } },
  );
  assert.equal(hanging.observations[0]?.status, 'error');
});

Deno.test('a failure of our own says nothing about the server', async () => {
  const { observations } = await test(
    { server_id: SERVER_ID },
    { result: { ...wrongKey, code: 'internal' } },
  );
  assert.deepEqual(observations, []);
});

Deno.test('a stored server that lost its credential needs one', async () => {
  const { body, probed, observations } = await test({ server_id: SERVER_ID }, { server: { secret: null } });
  assert.equal((body as ProbeFailure).code, 'credential_missing');
  assert.equal(probed.length, 0);
  assert.equal(observations[0]?.status, 'needs_auth');
});

Deno.test(
  'each test is counted: a draft for its user, a stored server for its workspace as well',
  async () => {
    assert.deepEqual((await test({ url: 'https://x.example/mcp' })).counted, [['probes']]);
    assert.deepEqual((await test({ server_id: SERVER_ID })).counted, [['probes', WORKSPACE_ID]]);
  },
);

Deno.test('a test too many is refused before any request', async () => {
  const probe = fakeProbe(works);
  const database = {
    ...fakeDatabase(await storedServer(), { role: 'member' }),
    countCall: () => Promise.reject(new DatabaseRefusal(429, 'Too many.')),
  };
  for (const body of [{ url: 'https://x.example/mcp' }, { server_id: SERVER_ID }]) {
    const deps = { database, probe, settings, readKeys: () => keys, now: () => NOW };
    await assert.rejects(handle(TestConnectionBody.parse(body), deps), DatabaseRefusal);
  }
  assert.deepEqual(probe.calls, []);
});

Deno.test('a server of somebody else is not there, and a viewer may not test', async () => {
  assert.equal((await test({ server_id: SERVER_ID }, { role: null })).status, 404);
  const viewer = await test({ server_id: SERVER_ID }, { role: 'viewer' });
  assert.equal(viewer.status, 403);
  assert.equal(viewer.probed.length, 0);
});

Deno.test('the secret is in no answer', async () => {
  for (const result of [works, wrongKey]) {
    const { body, observations } = await test({ server_id: SERVER_ID }, { result });
    assert.doesNotMatch(JSON.stringify([body, observations]), new RegExp(SECRET));
  }
});

Deno.test(
  'where each member has a key, that of the caller is used, and is no matter of the status of others',
  async () => {
    const owner = {
      workspaceId: WORKSPACE_ID,
      serverId: SERVER_ID,
      holderId: USER_ID,
      address: 'https://notes.example/mcp',
    };
    const server: Partial<ProbeServer> = {
      credential_scope: 'member',
      added_by: SERVER_ID,
      secret: await seal('sk-own', owner, keys),
    };
    const { body, probed, observations } = await test({ server_id: SERVER_ID }, { server });
    assert.deepEqual(body, { ...works, over_limit: 0 });
    assert.deepEqual(probed[0]?.[0].credential, { method: 'api_key', header: 'X-API-Key', secret: 'sk-own' });
    assert.deepEqual(observations, []);
    const adder = await test({ server_id: SERVER_ID }, { server: { ...server, added_by: USER_ID } });
    assert.equal(adder.observations.length, 1);
    const missing = await test({ server_id: SERVER_ID }, { server: { ...server, secret: null } });
    assert.equal((missing.body as ProbeFailure).code, 'credential_missing');
  },
);
