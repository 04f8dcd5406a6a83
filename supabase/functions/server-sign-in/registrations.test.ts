import assert from 'node:assert/strict';
import { open, seal } from '../../../shared/src/engine/secrets/secret-envelope.ts';
import { keys, NOW, SERVER_ID, WORKSPACE_ID } from '../_shared/fixtures.ts';
import { dialingTest } from '../_shared/testing/dialing-test.ts';
import { codeOf, setUpSignIn } from '../_shared/testing/sign-in-setup.ts';

async function clientsInTurn(
  turns: ('left' | 'finished')[],
  change: (given: Awaited<ReturnType<typeof setUpSignIn>>) => void,
) {
  const given = await setUpSignIn();
  const { begin, finish, stateOf, base, stop } = given;
  const clients: (string | null)[] = [];
  try {
    for (const turn of turns) {
      const begun = await begin();
      const { searchParams } = new URL((begun.body as { authorization_url: string }).authorization_url);
      clients.push(searchParams.get('client_id'));
      if (turn === 'finished') await finish({ code: 'c', state: stateOf(begun), iss: base });
      change(given);
    }
  } finally {
    await stop();
  }
  return clients;
}

dialingTest('a registration is used again after a sign-in that came back', async () => {
  const clients = await clientsInTurn(['finished', 'finished', 'left'], () => {});
  assert.deepEqual(clients, ['registered-1', 'registered-1', 'registered-1']);
});

dialingTest('a sign-in that nobody came back from does not block the next one', async () => {
  const clients = await clientsInTurn(['left', 'left', 'finished', 'finished'], () => {});
  assert.deepEqual(clients, ['registered-1', 'registered-2', 'registered-3', 'registered-3']);
});

dialingTest(
  'a registration that has expired, or is for another address of the page, is replaced',
  async () => {
    const expiring = { client_secret: 's', client_secret_expires_at: Math.floor(NOW.getTime() / 1000) + 60 };
    for (const registration of [
      expiring,
      { ...expiring, client_secret_expires_at: `${expiring.client_secret_expires_at}` },
      { redirect_uris: ['https://before.example/oauth/callback'] },
    ]) {
      const given = await setUpSignIn();
      given.site.registration = registration;
      try {
        await given.finish({ code: 'c', state: given.stateOf(await given.begin()), iss: given.base });
        await given.begin();
        assert.equal(given.asked.filter((one) => one === 'POST /register').length, 2);
      } finally {
        await given.stop();
      }
    }
  },
);

dialingTest(
  'a registration that the authorization server forgot is replaced at the next sign-in',
  async () => {
    for (const error of ['invalid_client', 'unauthorized_client']) {
      const forget = ({ site }: Awaited<ReturnType<typeof setUpSignIn>>) => {
        site.tokens = site.tokens ? null : { status: 401, body: { error } };
      };
      assert.deepEqual(await clientsInTurn(['finished', 'finished', 'finished'], forget), [
        'registered-1',
        'registered-1',
        'registered-2',
      ]);
    }
  },
);

dialingTest(
  'an authorization server that sends an unknown client back is asked as a new one, too',
  async () => {
    const { begin, finish, stateOf, base, asked, stop } = await setUpSignIn();
    try {
      for (const error of ['unauthorized_client', 'invalid_client', 'access_denied', 'access_denied'])
        await finish({ error, state: stateOf(await begin()), iss: base });
      assert.equal(asked.filter((one) => one === 'POST /register').length, 3);
    } finally {
      await stop();
    }
  },
);

dialingTest('a client id that the user entered is used ever again', async () => {
  const { begin, finish, stateOf, base, site, asked, stop } = await setUpSignIn({
    oauth_client_id: 'entered',
  });
  site.tokens = { status: 401, body: { error: 'invalid_client' } };
  try {
    for (let turn = 0; turn < 3; turn += 1) {
      const begun = await begin();
      const { searchParams } = new URL((begun.body as { authorization_url: string }).authorization_url);
      assert.equal(searchParams.get('client_id'), 'entered');
      if (turn > 0)
        assert.equal(
          codeOf(await finish({ code: 'c', state: stateOf(begun), iss: base })),
          'sign_in_refused',
        );
    }
    assert.equal(asked.includes('POST /register'), false);
  } finally {
    await stop();
  }
});

dialingTest(
  'another issuer is shown with the one that was expected, and used where it was accepted',
  async () => {
    const received = 'https://other.example';
    const { begin, finish, stateOf, base, database, stop } = await setUpSignIn(
      {},
      { role: 'owner' },
      { issuer: received },
    );
    try {
      const refused = await begin();
      assert.equal(refused.status, 422);
      const { code, expected_issuer, received_issuer } = refused.body as Record<string, unknown>;
      assert.deepEqual([code, expected_issuer, received_issuer], ['issuer_mismatch', base, received]);
      database.stored.accepted = { expected: base, issuer: received };
      assert.equal((await finish({ code: 'c', state: stateOf(await begin()), iss: received })).status, 200);
      assert.equal(database.grants[0]?.issuer, received);
    } finally {
      await stop();
    }
  },
);

dialingTest('a client secret is sealed to the first authorization server that gets it', async () => {
  const secret = await seal('client-secret', { workspaceId: WORKSPACE_ID, serverId: SERVER_ID }, keys);
  const { begin, base, database, asked, stop } = await setUpSignIn({ oauth_client_id: 'entered', secret });
  try {
    assert.equal((await begin()).status, 200);
    const bound = database.stored.clientSecret!;
    assert.equal(bound.issuer, base);
    const place = { workspaceId: WORKSPACE_ID, serverId: SERVER_ID, address: `${base}/mcp` };
    assert.equal(await open(bound.secret, { ...place, issuer: base }, keys), 'client-secret');
    await assert.rejects(open(bound.secret, { ...place, issuer: 'https://evil.example' }, keys));
    await assert.rejects(open(bound.secret, place, keys));
    assert.equal((await begin()).status, 200);
    // Neither another authorization server nor the address of an edited row gets it.
    database.stored.client = null;
    database.stored.clientSecret = { ...bound, issuer: 'https://evil.example' };
    const other = await begin();
    assert.deepEqual([other.status, codeOf(other)], [422, 'sign_in_mixed_up']);
    assert.equal(asked.includes('POST /token'), false);
  } finally {
    await stop();
  }
});

dialingTest('an accepted claim to be another issuer does not get the client secret of that one', async () => {
  const issuer = 'https://login.example';
  const place = { workspaceId: WORKSPACE_ID, serverId: SERVER_ID };
  const { begin, base, database, asked, stop } = await setUpSignIn(
    { oauth_client_id: 'entered' },
    { role: 'owner' },
    { issuer },
  );
  try {
    const secret = await seal('client-secret', { ...place, address: `${base}/mcp`, issuer }, keys);
    database.stored.clientSecret = { id: 'entered', issuer, secret };
    database.stored.accepted = { expected: base, issuer };
    const begun = await begin();
    assert.deepEqual([begun.status, codeOf(begun)], [422, 'sign_in_mixed_up']);
    assert.equal(asked.includes('POST /token'), false);
    const entered = await seal('client-secret', { ...place, address: `${base}/mcp` }, keys);
    database.stored.clientSecret = { id: 'again', issuer: null, secret: entered };
    assert.equal((await begin()).status, 200);
    assert.equal(database.stored.clientSecret.issuer, base);
    assert.equal((await begin()).status, 200);
  } finally {
    await stop();
  }
});

dialingTest('a registration that was stored for another issuer is not used', async () => {
  const { begin, asked, database, stop } = await setUpSignIn();
  try {
    await begin();
    database.stored.client!.is_unfinished = false;
    const place = { workspaceId: WORKSPACE_ID, serverId: database.stored.client!.id };
    const client = JSON.stringify({ client_id: 'of another', client_secret: 'secret-of-another' });
    database.stored.client!.secret = await seal(client, { ...place, issuer: 'https://other.example' }, keys);
    const begun = await begin();
    assert.doesNotMatch(JSON.stringify(begun), /of\+another|of%20another/);
    assert.equal(asked.filter((one) => one === 'POST /register').length, 2);
  } finally {
    await stop();
  }
});
