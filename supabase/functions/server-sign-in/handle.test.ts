import assert from 'node:assert/strict';
import { seal } from '../../../shared/src/engine/secrets/secret-envelope.ts';
import { keys, NOW, SERVER_ID, WORKSPACE_ID } from '../_shared/fixtures.ts';
import { dialingTest } from '../_shared/testing/dialing-test.ts';
import { handle } from './handle.ts';
import { codeOf, setUpSignIn } from '../_shared/testing/sign-in-setup.ts';

dialingTest('a sign-in goes to the authorization server, comes back, and is stored sealed', async () => {
  const { begin, finish, stateOf, database, base, stop } = await setUpSignIn();
  try {
    const begun = await begin();
    const { searchParams } = new URL((begun.body as { authorization_url: string }).authorization_url);
    assert.equal(searchParams.get('redirect_uri'), 'https://page.example/oauth/callback');
    assert.equal(searchParams.get('resource'), `${base}/mcp`);
    assert.equal(searchParams.get('code_challenge_method'), 'S256');
    assert.equal(JSON.stringify([...database.flows]).includes(stateOf(begun)), false);
    const ended = await finish({ code: 'c', state: stateOf(begun), iss: base });
    assert.deepEqual(
      [ended.status, ended.body],
      [200, { server_id: SERVER_ID, server_name: 'Notes', return_to: '/talk' }],
    );
    assert.equal(database.grants[0]?.expiresAt, new Date(NOW.getTime() + 60_000).toISOString());
    assert.doesNotMatch(JSON.stringify([ended, database.grants]), /secret-/);
  } finally {
    await stop();
  }
});

dialingTest('a state is good once, and one that nobody knows is good for nothing', async () => {
  const { begin, finish, stateOf, base, asked, stop } = await setUpSignIn();
  try {
    const state = stateOf(await begin());
    assert.equal((await finish({ code: 'c', state, iss: base })).status, 200);
    const before = asked.length;
    for (const again of [state, 'made up', '']) {
      const refused = await finish({ code: 'c', state: again, iss: base });
      assert.deepEqual([refused.status, codeOf(refused)], [410, 'flow_gone']);
    }
    assert.equal(asked.length, before);
  } finally {
    await stop();
  }
});

dialingTest('an answer of another authorization server is not redeemed', async () => {
  for (const iss of [{ iss: 'https://evil.example' }, {}]) {
    const { begin, finish, stateOf, database, asked, stop } = await setUpSignIn();
    try {
      const answer = await finish({
        code: 'c',
        state: stateOf(await begin()),
        ...(iss as Record<string, string>),
      });
      assert.deepEqual([answer.status, codeOf(answer)], [422, 'sign_in_mixed_up']);
      assert.equal(asked.includes('POST /token'), false);
      assert.equal(database.grants.length, 0);
    } finally {
      await stop();
    }
  }
});

dialingTest("a denial on the server page is reported without the server's own words", async () => {
  const { begin, finish, stateOf, base, database, stop } = await setUpSignIn();
  try {
    const state = stateOf(await begin());
    const answer = await finish({
      error: 'access_denied',
      error_description: 'call 555-evil',
      state,
      iss: base,
    });
    assert.deepEqual([answer.status, codeOf(answer)], [422, 'sign_in_denied']);
    assert.doesNotMatch(JSON.stringify(answer.body), /evil/);
    assert.equal(database.grants.length, 0);
  } finally {
    await stop();
  }
});

dialingTest('addresses that discovery yields go through the address policy', async () => {
  const { begin, deps, stop } = await setUpSignIn();
  try {
    deps.policy = 'public' as never;
    const answer = await begin();
    assert.deepEqual([answer.status, codeOf(answer)], [422, 'sign_in_unreachable']);
  } finally {
    await stop();
  }
});

dialingTest('the sign-in of the workspace takes who may edit, one’s own a member', async () => {
  const cases = [
    ['workspace', { role: 'member', isOwn: false }, 403],
    ['workspace', { role: 'admin', isOwn: false }, 200],
    ['member', { role: 'member', isOwn: false }, 200],
    ['member', { role: 'viewer', isOwn: false }, 403],
    ['member', { role: null }, 404],
  ] as const;
  for (const [credential_scope, access, status] of cases) {
    const { begin, stop } = await setUpSignIn({ credential_scope }, access);
    try {
      assert.equal((await begin()).status, status, `${credential_scope} ${access.role}`);
    } finally {
      await stop();
    }
  }
});

dialingTest('signing out revokes where the server offers it', async () => {
  for (const [metadata, revoked] of [
    [{}, true],
    [{ revocation_endpoint: undefined }, false],
  ] as const) {
    const { begin, finish, stateOf, base, asked, deps, stop } = await setUpSignIn(
      {},
      { role: 'owner' },
      metadata,
    );
    try {
      await finish({ code: 'c', state: stateOf(await begin()), iss: base });
      const ended = await handle({ step: 'end', server_id: SERVER_ID }, deps);
      assert.deepEqual(ended.body, { signed_out: true, revoked });
      assert.equal(asked.includes('POST /revoke'), revoked);
      assert.deepEqual((await handle({ step: 'end', server_id: SERVER_ID }, deps)).body, {
        signed_out: false,
        revoked: false,
      });
    } finally {
      await stop();
    }
  }
});

dialingTest(
  'nothing begins where the address of the page is not known, or the server uses no sign-in',
  async () => {
    const one = await setUpSignIn({ auth_method: 'none' });
    const other = await setUpSignIn();
    try {
      assert.equal(codeOf(await one.begin()), 'not_oauth');
      const answer = await handle(
        { step: 'begin', server_id: SERVER_ID, return_to: '/' },
        { ...other.deps, identity: null },
      );
      assert.deepEqual([answer.status, codeOf(answer)], [503, 'not_configured']);
    } finally {
      await one.stop();
      await other.stop();
    }
  },
);

dialingTest('without a person, the client of the server signs in for the workspace', async () => {
  const secret = await seal('client-secret', { workspaceId: WORKSPACE_ID, serverId: SERVER_ID }, keys);
  const entered = { oauth_client_id: 'known', secret };
  const cases = [
    [entered, { role: 'owner' }, 200],
    [{ ...entered, secret: null }, { role: 'owner' }, 409],
    [{ ...entered, credential_scope: 'member' }, { role: 'owner' }, 409],
    [entered, { role: 'member', isOwn: false }, 403],
  ] as const;
  for (const [change, access, status] of cases) {
    const { asked, database, deps, stop } = await setUpSignIn(change, access);
    try {
      const answer = await handle({ step: 'unattended', server_id: SERVER_ID }, deps);
      assert.equal(answer.status, status);
      assert.equal(database.grants.length, status === 200 ? 1 : 0);
      assert.equal(asked.includes('POST /register'), false);
      assert.doesNotMatch(JSON.stringify([answer, database.grants]), /secret-|client-secret/);
    } finally {
      await stop();
    }
  }
});
