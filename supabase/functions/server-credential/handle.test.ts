import assert from 'node:assert/strict';
import { open } from '../../../shared/src/secret-envelope.ts';
import type { ServerCredentialBody } from '../../../shared/src/schema/functions.ts';
import type { SealedSecret } from '../../../shared/src/schema/snapshot.ts';
import type { Role } from '../../../shared/src/schema/workspace.ts';
import { fakeDatabase, keys, SERVER_ID, storedServer, WORKSPACE_ID } from '../_shared/fixtures.ts';
import type { SealedFor } from '../_shared/database.ts';
import { handle } from './handle.ts';

async function change(
  credential: string | null,
  access: { role: Role | null; isOwn?: boolean } = { role: 'owner' },
  meantFor: Pick<ServerCredentialBody, 'url' | 'auth_method'> = {},
) {
  const put: SealedSecret[] = [];
  const places: SealedFor[] = [];
  let dropped = 0;
  const database = {
    ...fakeDatabase(await storedServer(), access),
    putSecret: (place: SealedFor, secret: SealedSecret) => (
      places.push(place),
      Promise.resolve(void put.push(secret))
    ),
    dropSecret: () => Promise.resolve(void (dropped += 1)),
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
  const owner = { workspaceId: WORKSPACE_ID, serverId: SERVER_ID };
  assert.equal(await open(put[0]!, owner, keys), 'sk-new');
  await assert.rejects(open(put[0]!, { ...owner, serverId: WORKSPACE_ID }, keys));
});

Deno.test(
  'it is stored for what the server was when it was sealed, or for what the caller says',
  async () => {
    const place = { serverId: SERVER_ID, workspaceId: WORKSPACE_ID };
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
  assert.deepEqual([put.length, dropped], [0, 1]);
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
