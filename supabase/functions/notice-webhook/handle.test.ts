import assert from 'node:assert/strict';
import type { FieldErrors } from '../../../shared/src/contract/schema/fields.ts';
import type { NoticeWebhookBody } from '../../../shared/src/contract/schema/functions.ts';
import { open } from '../../../shared/src/engine/secrets/secret-envelope.ts';
import type { Role } from '../../../shared/src/contract/schema/workspace.ts';
import { keys, WORKSPACE_ID } from '../_shared/fixtures.ts';
import { handle } from './handle.ts';
import type { Webhooks } from './webhooks.ts';

const WEBHOOK_ID = '99999999-0000-4000-8000-000000000009';
const URL = 'https://hooks.example/patchbay';

async function ask(
  more: Partial<Record<'url' | 'new_secret' | 'test', unknown>>,
  {
    role = 'owner',
    known = null,
    outcome = 'queued',
  }: { role?: Role | null; known?: string | null; outcome?: 'queued' | 'waiting' | 'off' } = {},
) {
  const put: Parameters<Webhooks['put']>[0][] = [];
  const counted: unknown[] = [];
  let tests = 0;
  const webhooks: Webhooks = {
    roleIn: () => Promise.resolve(role),
    find: () => Promise.resolve(known),
    put: (webhook) => Promise.resolve(void put.push(webhook)),
    sendTest: () => Promise.resolve(((tests += 1), outcome)),
  };
  const body = { workspace_id: WORKSPACE_ID, ...more } as NoticeWebhookBody;
  const database = { countCall: (...call: unknown[]) => Promise.resolve(void counted.push(call)) };
  const answer = await handle(body, { database, webhooks, policy: 'public', readKeys: () => keys });
  return { ...answer, put, tests, counted };
}

Deno.test('a new webhook gets a sealed signing key, which is returned once', async () => {
  const { status, body, put } = await ask({ url: URL, new_secret: false });
  const { secret } = body as { secret: string };
  assert.equal(status, 200);
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  assert.doesNotMatch(JSON.stringify(put), new RegExp(secret.slice(6, 20)));
  assert.equal(
    await open(put[0]!.secret!, { workspaceId: WORKSPACE_ID, serverId: put[0]!.id }, keys),
    secret,
  );
});

Deno.test('another address keeps the key, unless a new one is asked for', async () => {
  const kept = await ask({ url: URL, new_secret: false }, { known: WEBHOOK_ID });
  assert.deepEqual(kept.body, { secret: null });
  assert.deepEqual(kept.put, [{ id: WEBHOOK_ID, workspaceId: WORKSPACE_ID, url: URL, secret: null }]);
  const renewed = await ask({ url: URL, new_secret: true }, { known: WEBHOOK_ID });
  assert.match((renewed.body as { secret: string }).secret, /^whsec_/);
});

Deno.test('an address that Patchbay may not connect to is a field error', async () => {
  for (const url of ['http://hooks.example/x', 'https://127.0.0.1/x', 'https://user:key@hooks.example/x']) {
    const { status, body, put } = await ask({ url, new_secret: false });
    assert.equal(status, 400);
    const [problem] = (body as { field_errors: FieldErrors }).field_errors['url']!;
    assert.equal(problem!.code, url.includes('@') ? 'bad_format' : 'blocked_address');
    assert.deepEqual(put, []);
  }
});

Deno.test('a test message needs a webhook', async () => {
  assert.equal((await ask({ test: true })).status, 404);
  const { status, tests, counted } = await ask({ test: true }, { known: WEBHOOK_ID });
  assert.deepEqual([status, tests, counted], [200, 1, [['function_calls', WORKSPACE_ID]]]);
});

Deno.test('a second test while one is queued, and one of a webhook that is off, are answered', async () => {
  const waiting = await ask({ test: true }, { known: WEBHOOK_ID, outcome: 'waiting' });
  assert.deepEqual([waiting.status, (waiting.body as { code: string }).code], [409, 'test_waiting']);
  const off = await ask({ test: true }, { known: WEBHOOK_ID, outcome: 'off' });
  assert.deepEqual([off.status, (off.body as { code: string }).code], [409, 'webhook_off']);
});

Deno.test('rights: owners and admins only, not there for strangers', async () => {
  assert.equal((await ask({ url: URL, new_secret: false }, { role: 'admin' })).status, 200);
  for (const role of ['member', 'viewer'] as const) {
    const { status, put } = await ask({ url: URL, new_secret: false }, { role });
    assert.deepEqual([status, put], [403, []]);
  }
  assert.equal((await ask({ test: true }, { role: null })).status, 404);
});
