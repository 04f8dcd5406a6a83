import assert from 'node:assert/strict';
import { open, seal } from '../../../shared/src/engine/secrets/secret-envelope.ts';
import type { ProbeServer, SealedSecret } from '../../../shared/src/contract/schema/snapshot.ts';
import type { Role } from '../../../shared/src/contract/schema/workspace.ts';
import { fakeDatabase, keys, SERVER_ID, storedServer, USER_ID, WORKSPACE_ID } from '../_shared/fixtures.ts';
import type { SealedFor } from '../_shared/database.ts';
import { handle } from './handle.ts';

async function change(
  credential: string | null,
  access: { role: Role | null; isOwn?: boolean } = { role: 'owner' },
  meantFor: { url?: string; auth_method?: 'api_key' | 'bearer_token' } = {},
  server: Partial<ProbeServer> = {},
) {
  const put: SealedSecret[] = [];
  const places: SealedFor[] = [];
  const dropped: (string | null)[] = [];
  const database = {
    ...fakeDatabase(await storedServer(server), access),
    putSecret: (place: SealedFor, secret: SealedSecret) => (
      places.push(place),
      Promise.resolve(void put.push(secret))
    ),
    dropSecret: (_id: string, holderId: string | null) => Promise.resolve(void dropped.push(holderId)),
    heldSecret: () => Promise.resolve(null),
    confirmSecret: () => Promise.resolve(),
  };
  const body = { server_id: SERVER_ID, credential, ...meantFor };
  const answer = await handle(body, { database, readKeys: () => keys });
  return { ...answer, put, places, dropped, counted: database.counted };
}

Deno.test('a credential is sealed for its server and never answered back', async () => {
  const { status, body, put, counted } = await change('sk-new');
  assert.equal(status, 200);
  assert.deepEqual(counted, [['function_calls', WORKSPACE_ID]]);
  assert.deepEqual(body, { has_credential: true });
  assert.doesNotMatch(JSON.stringify(put), /sk-new/);
  const owner = { workspaceId: WORKSPACE_ID, serverId: SERVER_ID, address: 'https://notes.example/mcp' };
  assert.equal(await open(put[0]!, owner, keys), 'sk-new');
  for (const other of [{ serverId: WORKSPACE_ID }, { address: 'https://notes.example/attacker' }])
    await assert.rejects(open(put[0]!, { ...owner, ...other }, keys));
});

Deno.test(
  'it is stored for what the server was when it was sealed, or for what the caller says',
  async () => {
    const place = { serverId: SERVER_ID, workspaceId: WORKSPACE_ID, holderId: null };
    const read = { url: 'https://notes.example/mcp', authMethod: 'api_key' };
    assert.deepEqual((await change('k')).places, [{ ...place, ...read }]);
    const meant = await change(
      'k',
      { role: 'owner' },
      { url: 'https://old.example', auth_method: 'bearer_token' },
    );
    assert.deepEqual(meant.places, [{ ...place, url: 'https://old.example', authMethod: 'bearer_token' }]);
  },
);

Deno.test('null removes it', async () => {
  const { body, put, dropped } = await change(null);
  assert.deepEqual(body, { has_credential: false });
  assert.deepEqual([put, dropped], [[], [null]]);
});

Deno.test('admins set any credential, members that of their own servers, viewers none', async () => {
  assert.equal((await change('k', { role: 'admin', isOwn: false })).status, 200);
  assert.equal((await change('k', { role: 'member', isOwn: true })).status, 200);
  for (const access of [{ role: 'member', isOwn: false } as const, { role: 'viewer' } as const]) {
    const refused = await change('k', access);
    assert.deepEqual([refused.status, refused.put.length], [403, 0]);
  }
  assert.equal((await change('k', { role: null })).status, 404);
});

Deno.test(
  'where each member has a key, the caller sets and removes their own, whoever added the server',
  async () => {
    const bob = { role: 'member', isOwn: false } as const;
    for (const auth_method of ['api_key', 'bearer_token'] as const) {
      const scope = { auth_method, credential_scope: 'member' } as const;
      const { status, put, places } = await change('sk-bob', bob, {}, scope);
      assert.deepEqual([status, places[0]?.holderId], [200, USER_ID]);
      const place = { workspaceId: WORKSPACE_ID, serverId: SERVER_ID, address: 'https://notes.example/mcp' };
      assert.equal(await open(put[0]!, { ...place, holderId: USER_ID }, keys), 'sk-bob');
      await assert.rejects(open(put[0]!, place, keys), 'it is not the key of the workspace');
      assert.deepEqual((await change(null, bob, {}, scope)).dropped, [USER_ID]);
      assert.equal((await change('k', { role: 'viewer' }, {}, scope)).status, 403);
    }
    // The secret of a client with which members sign in belongs to the workspace.
    const client = { auth_method: 'oauth', credential_scope: 'member' } as const;
    assert.equal((await change('k', bob, {}, client)).status, 403);
    assert.equal((await change('k', { role: 'admin', isOwn: false }, {}, client)).places[0]?.holderId, null);
  },
);

Deno.test(
  'whoever entered the workspace’s key takes it to the address that they confirm, and to no other',
  async () => {
    const place = { workspaceId: WORKSPACE_ID, serverId: SERVER_ID };
    const [old, confirmed_url] = ['https://notes.example/mcp', 'https://notes.example/v2'];
    const secret = await seal('sk-held', { ...place, address: old }, keys);
    const confirmed: { id: string; url: string; secret: SealedSecret }[] = [];
    const server = await storedServer({ url: confirmed_url });
    const databaseFor = (role: Role | null, isHolder: boolean) => ({
      ...fakeDatabase(server, { role, isOwn: false }),
      putSecret: () => Promise.reject(new Error('nothing is entered')),
      dropSecret: () => Promise.reject(new Error('nothing is removed')),
      heldSecret: () => Promise.resolve(isHolder ? { id: 'held', address: old, issuer: null, secret } : null),
      confirmSecret: (one: (typeof confirmed)[number]) => Promise.resolve(void confirmed.push(one)),
    });
    const confirm = (role: Role | null, isHolder: boolean) =>
      handle(
        { server_id: SERVER_ID, confirmed_url },
        { database: databaseFor(role, isHolder), readKeys: () => keys },
      );

    assert.equal((await confirm('owner', false)).status, 409);
    assert.equal((await confirm('viewer', true)).status, 403);
    assert.equal((await confirm(null, true)).status, 404);
    assert.equal(confirmed.length, 0);
    assert.deepEqual((await confirm('member', true)).body, { has_credential: true });
    assert.equal(confirmed[0]!.url, confirmed_url);
    assert.equal(await open(confirmed[0]!.secret, { ...place, address: confirmed_url }, keys), 'sk-held');
    for (const address of [old, 'https://notes.example/attacker'])
      await assert.rejects(open(confirmed[0]!.secret, { ...place, address }, keys));
  },
);
