import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { boundAddress } from '@patchbay/shared/contract/bound-address';
import { clientIdentity } from '@patchbay/shared/engine/oauth/client-metadata';
import { expiryOf, sealGrant } from '@patchbay/shared/engine/oauth/grant';
import { beginSignIn, finishSignIn } from '@patchbay/shared/engine/oauth/sign-in';
import { parseSecretKeys } from '@patchbay/shared/engine/secrets/secret-envelope';
import postgres, { type Sql } from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { startGuardedServer, type GuardedServer } from '../support/servers/authorization-server.ts';
import { consentAs } from '../support/consent.ts';
import type { GrantOrder } from './grant-caller.ts';

const KEYS = `race:${randomBytes(32).toString('base64')}`;
const CALLER = join(import.meta.dirname, 'grant-caller.ts');
const IDENTITY = clientIdentity('http://127.0.0.1:1');

let sql: Sql;
let guarded: GuardedServer;
let order: GrantOrder;
const children: ChildProcess[] = [];

beforeAll(() => {
  sql = postgres(inject('databaseUrl'), { max: 1, onnotice: () => undefined });
});
afterAll(() => sql.end({ timeout: 2 }));

beforeEach(async () => {
  guarded = await startGuardedServer();
  const [user] = await sql<{ id: string }[]>`
    insert into auth.users (id, email) values (gen_random_uuid(), ${`${crypto.randomUUID()}@grants.test`}) returning id`;
  const [server] = await sql<{ id: string; workspace_id: string }[]>`
    insert into public.mcp_servers (workspace_id, user_id, name, url, auth_method)
    select w.id, ${user!.id}, 'Tickets', ${guarded.url}, 'oauth' from public.workspaces w where w.created_by = ${user!.id}
    returning id, workspace_id`;
  const { id: serverId, workspace_id: workspaceId } = server!;
  order = { serverId, workspaceId, url: guarded.url, calls: 1, leaseMs: 40_000 };
  const clients = { read: () => Promise.resolve(null), save: () => Promise.resolve() };
  const options = { serverUrl: guarded.url, policy: 'local' as const, identity: IDENTITY, clients };
  const { authorizationUrl, memory } = await beginSignIn(options, 'state', null);
  const back = await consentAs('ada', authorizationUrl);
  const { issuer, ...granted } = await finishSignIn(options, memory, back);
  const id = crypto.randomUUID();
  const place = { server_id: serverId, holder_id: null, server_address: boundAddress(guarded.url) };
  const content = { ...granted, ...place };
  const secret = await sealGrant(content, id, workspaceId, parseSecretKeys(KEYS));
  await sql`select public.put_grant(
    ${id}, ${serverId}, ${workspaceId}, ${guarded.url}, null, ${issuer}, ${secret as never},
    ${expiryOf(granted.tokens, Date.now())}, ${user!.id})`;
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await guarded.close();
});

function begin(change: Partial<GrantOrder> = {}) {
  const args = [CALLER, inject('databaseUrl'), KEYS, JSON.stringify({ ...order, ...change })];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  return { child, lines: once(child, 'close').then(() => output.trim().split('\n')) };
}

async function stateOfGrant() {
  const [grant] = await sql<{ revision: number; is_refused: boolean }[]>`
    select revision, refused_at is not null as is_refused from public.mcp_server_grants where server_id = ${order.serverId}`;
  return grant;
}

async function mayRefresh(): Promise<boolean | undefined> {
  const [grant] = await sql<{ may_refresh: boolean }[]>`
    select coalesce(retry_at, '-infinity') <= clock_timestamp() as may_refresh
    from public.mcp_server_grants where server_id = ${order.serverId}`;
  return grant?.may_refresh;
}

it('50 calls of three processes on an expired token: one refresh, 50 answers', async () => {
  guarded.expireTokens();
  const processes = [17, 17, 16].map((calls) => begin({ calls }));
  const lines = (await Promise.all(processes.map((one) => one.lines))).flat();
  expect(lines).toEqual(Array.from({ length: 50 }, () => 'You are ada.'));
  expect(guarded.refreshes).toEqual({ ok: 1, failed: 0 });
  expect(await stateOfGrant()).toEqual({ revision: 2, is_refused: false });
});

async function killInRefresh(): Promise<void> {
  guarded.expireTokens();
  const first = begin({ leaseMs: 1_000 });
  while (guarded.asked < 2) await delay(20);
  await delay(100);
  first.child.kill('SIGKILL');
  await first.lines;
}

it('killed before the authorization server heard of it: the next process recovers', async () => {
  guarded.tokens = 'unheard';
  await killInRefresh();
  guarded.tokens = 'answered';
  expect(await begin().lines).toEqual(['You are ada.']);
  expect(guarded.refreshes).toEqual({ ok: 1, failed: 0 });
});

it('killed with the rotated tokens on their way: a sign-in is needed, and nobody tries again', async () => {
  guarded.tokens = 'lost';
  await killInRefresh();
  guarded.tokens = 'answered';
  expect(await begin({ calls: 5 }).lines).toEqual(Array.from({ length: 5 }, () => 'sign_in_required'));
  expect(await begin({ calls: 5 }).lines).toEqual(Array.from({ length: 5 }, () => 'sign_in_required'));
  expect(guarded.refreshes).toEqual({ ok: 1, failed: 1 });
  expect(await stateOfGrant()).toEqual({ revision: 1, is_refused: true });
});

it('an authorization server that is away costs one attempt a step of the back-off, and no sign-in', async () => {
  guarded.expireTokens();
  guarded.tokens = 'away';
  const processes = [10, 10].map((calls) => begin({ calls }));
  const lines = (await Promise.all(processes.map((one) => one.lines))).flat();
  expect(new Set(lines)).toEqual(new Set(['server_error']));
  // 20 calls, each of which waits for at most two seconds.
  expect(guarded.asked - 1).toBeLessThan(10);
  guarded.tokens = 'answered';
  // The delay doubles with each failure, up to 15 s, with jitter.
  await expect.poll(mayRefresh, { timeout: 20_000 }).toBe(true);
  expect(await begin().lines).toEqual(['You are ada.']);
  expect((await stateOfGrant())?.is_refused).toBe(false);
});
