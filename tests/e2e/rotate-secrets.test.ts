import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open, parseSecretKeys } from '@patchbay/shared/engine/secrets/secret-envelope';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import type { LoopbackServer } from '../../local/servers/loopback-server.ts';
import { startNotes } from '../../local/servers/notes.ts';
import { startSupabase, type RunningSupabase } from '../../local/supabase/start.ts';
import { rotateSecrets } from '../../ops/secrets/rotate.ts';

const KEY = 'notes-key-of-the-rotation';
const OLD = `old:${randomBytes(32).toString('base64')}`;
const NEW = `new:${randomBytes(32).toString('base64')}`;
const SERVERS = 24;
const [CHANGED, REMOVED] = [0, 1];
const OF_MEMBERS = 2;

const Stored = z.object({ id: z.string(), workspace_id: z.string(), config_version: z.number() });

let dataDir: string;
let notes: LoopbackServer;
let supabase: RunningSupabase;
let user: SupabaseClient;
let system: SupabaseClient;
let token: string;
let userId: string;
let servers: z.infer<typeof Stored>[];

async function deploy(secretsKeys: string): Promise<void> {
  await supabase?.stop();
  supabase = await startSupabase({
    dataDir,
    ports: { gateway: 0, postgres: 0, functions: 0 },
    functionsEnv: { PATCHBAY_SECRETS_KEYS: secretsKeys, PATCHBAY_ADDRESS_POLICY: 'local' },
  });
  const auth = { persistSession: false, autoRefreshToken: false };
  system = createClient(supabase.url, supabase.secretKey, { auth });
  user = createClient(supabase.url, supabase.publishableKey, { auth });
}

async function call(name: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${supabase.url}/functions/v1/${name}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, apikey: supabase.publishableKey },
    body: JSON.stringify(body),
  });
  expect(response.status, name).toBe(200);
  return z.record(z.string(), z.unknown()).parse(await response.json());
}

async function sealedWith(): Promise<Record<string, string>> {
  const { data } = await system.from('mcp_server_secrets').select('server_id, key_id').throwOnError();
  return Object.fromEntries(data.map(({ server_id, key_id }) => [server_id, key_id]));
}

async function listServers(): Promise<z.infer<typeof Stored>[]> {
  const { data } = await system
    .from('mcp_servers')
    .select('id, workspace_id, config_version')
    .order('name')
    .throwOnError();
  return Stored.array().parse(data);
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'patchbay-rotation-'));
  notes = await startNotes({ port: 0, apiKey: KEY });
  await deploy(OLD);
  const { data } = await user.auth.signUp({ email: 'rotation@patchbay.local', password: 'test-password' });
  token = data.session?.access_token ?? '';
  userId = data.user?.id ?? '';
  const rows = Array.from({ length: SERVERS }, (_, i) => ({
    name: `Server ${String(i).padStart(2, '0')}`,
    url: notes.url,
    auth_method: 'api_key',
    credential_scope: i === OF_MEMBERS ? 'member' : 'workspace',
  }));
  await user.from('mcp_servers').insert(rows).throwOnError();
  servers = await listServers();
  await Promise.all(servers.map(({ id }) => call('server-credential', { server_id: id, credential: KEY })));
  servers = await listServers();
});
afterAll(async () => {
  await supabase?.stop();
  await notes?.close();
  await rm(dataDir, { recursive: true, force: true });
});

it('an interrupted rotation leaves every credential readable, and goes on where it was', async () => {
  await deploy(`${NEW},${OLD}`);
  let left = 5;
  const breaking = createClient(supabase.url, supabase.secretKey, {
    global: {
      fetch: (input, init) => {
        if (init?.method === 'PATCH' && left-- <= 0) return Promise.reject(new Error('the network is gone'));
        return fetch(input, init);
      },
    },
  });
  const keys = parseSecretKeys(`${NEW},${OLD}`);
  await expect(rotateSecrets({ client: breaking, keys })).rejects.toThrow('could not be stored');
  const halfWay = async () => Object.values(await sealedWith()).toSorted();
  // Requests in flight when one failed still arrive.
  await expect.poll(halfWay).toEqual(Array.from({ length: SERVERS }, (_, i) => (i < 5 ? 'new' : 'old')));
});

it('beside tests and changes of credentials it ends with all of them under the new key', async () => {
  const keys = parseSecretKeys(`${NEW},${OLD}`);
  const tested = servers.at(-1)!.id;
  let isOver = false;
  let tests = 0;
  let lastSet = '';
  const users = Promise.all([
    (async () => {
      do {
        expect(await call('test-connection', { server_id: tested })).toMatchObject({ ok: true });
        tests += 1;
      } while (!isOver);
    })(),
    (async () => {
      for (let i = 0; !isOver || i < 2; i += 1) {
        await call('server-credential', { server_id: servers[CHANGED]!.id, credential: `changed-${i}` });
        lastSet = `changed-${i}`;
      }
    })(),
    call('server-credential', { server_id: servers[REMOVED]!.id, credential: null }),
  ]);
  const progress: number[] = [];
  const end = await rotateSecrets({
    client: system,
    keys,
    onProgress: ({ left }) => progress.push(left),
  }).finally(() => (isOver = true));
  await users;

  expect(end.unopened).toEqual([]);
  expect(end.rotated).toBeGreaterThanOrEqual(SERVERS - 5 - 2);
  expect(progress.at(-1)).toBe(0);
  expect(tests).toBeGreaterThan(0);
  const sealed = await sealedWith();
  expect(new Set(Object.values(sealed))).toEqual(new Set(['new']));
  expect(Object.keys(sealed)).not.toContain(servers[REMOVED]!.id);

  const { data } = await system.from('mcp_server_secrets').select().throwOnError();
  for (const { server_id, ciphertext, nonce, key_id } of data) {
    const holderId = server_id === servers[OF_MEMBERS]!.id ? userId : null;
    const owner = {
      workspaceId: servers[0]!.workspace_id,
      serverId: server_id,
      holderId,
      address: notes.url,
    };
    const expected = server_id === servers[CHANGED]!.id ? lastSet : KEY;
    expect(await open({ ciphertext, nonce, key_id }, owner, parseSecretKeys(NEW))).toBe(expected);
  }
  // Rotation must not reconnect servers: only user changes increase the version.
  const after = await listServers();
  const touched = [CHANGED, REMOVED];
  expect(after.filter((_, i) => !touched.includes(i))).toEqual(
    servers.filter((_, i) => !touched.includes(i)),
  );
});

it('then the old key is not needed any more, and running again finds nothing to do', async () => {
  await deploy(NEW);
  const tested = servers.at(-1)!.id;
  expect(await call('test-connection', { server_id: tested })).toMatchObject({ ok: true });
  expect(await rotateSecrets({ client: system, keys: parseSecretKeys(NEW) })).toEqual({
    rotated: 0,
    unopened: [],
  });
});

it('names the servers whose credential none of its keys opens, and leaves them alone', async () => {
  const other = `other:${randomBytes(32).toString('base64')}`;
  const end = await rotateSecrets({ client: system, keys: parseSecretKeys(other) });
  expect(end.rotated).toBe(0);
  expect(end.unopened.toSorted()).toEqual(Object.keys(await sealedWith()).toSorted());
});
