import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AcceptedIssuer } from '../../../shared/src/oauth/issuer.ts';
import { clientIdentity } from '../../../shared/src/oauth/client-metadata.ts';
import type { ProbeServer, SealedSecret } from '../../../shared/src/schema/snapshot.ts';
import { seal } from '../../../shared/src/secret-envelope.ts';
import type { Role } from '../../../shared/src/schema/workspace.ts';
import {
  fakeDatabase,
  keys,
  NOW,
  SERVER_ID,
  storedServer,
  USER_ID,
  WORKSPACE_ID,
} from '../_shared/fixtures.ts';
import type { SignInDatabase, StoredClient, StoredFlow } from '../_shared/sign-in-database.ts';
import { handle } from './handle.ts';
import { dialingTest } from '../_shared/testing/dialing-test.ts';

const CALLBACK = 'https://page.example/oauth/callback';

/** An MCP server that is its own authorization server. */
async function startProtected(metadata: object = {}) {
  const asked: string[] = [];
  const site = { registration: {} as object, tokens: null as { status: number; body: object } | null };
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    const base = `http://127.0.0.1:${port}`;
    const path = request.url ?? '';
    asked.push(`${request.method} ${path}`);
    const say = (status: number, body: object, headers = {}) =>
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(body));
    request.resume();
    if (path === '/mcp')
      return say(401, {}, { 'www-authenticate': `Bearer resource_metadata="${base}/prm"` });
    if (path === '/prm') return say(200, { resource: `${base}/mcp`, authorization_servers: [base] });
    if (path.startsWith('/.well-known/oauth-authorization-server'))
      return say(200, {
        issuer: base,
        authorization_endpoint: `${base}/authorize`,
        token_endpoint: `${base}/token`,
        registration_endpoint: `${base}/register`,
        revocation_endpoint: `${base}/revoke`,
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
        authorization_response_iss_parameter_supported: true,
        ...metadata,
      });
    if (path === '/register') {
      const client_id = `registered-${asked.filter((one) => one === 'POST /register').length}`;
      return say(201, { client_id, redirect_uris: [CALLBACK], ...site.registration });
    }
    if (path === '/token' && site.tokens) return say(site.tokens.status, site.tokens.body);
    if (path === '/token')
      return say(200, {
        access_token: 'secret-access',
        token_type: 'Bearer',
        refresh_token: 'secret-refresh',
        expires_in: 60,
      });
    return say(path === '/revoke' ? 200 : 404, {});
  }).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { base, asked, site, stop: () => new Promise((done) => server.close(done)) };
}

/** The database of one server, with the flows and grants that the function stores. */
function fakeSignIns(server: ProbeServer, access: { role: Role | null; isOwn?: boolean }) {
  const flows = new Map<string, StoredFlow>();
  const grants: {
    id: string;
    secret: SealedSecret;
    issuer: string;
    expiresAt: string | null;
    flow: Omit<StoredFlow, 'secret'>;
  }[] = [];
  const finished: string[] = [];
  const stored: { client: StoredClient | null; accepted: AcceptedIssuer | null } = {
    client: null,
    accepted: null,
  };
  const signIns: SignInDatabase = {
    beginFlow: ({ id, stateHash, serverId, url, returnTo, secret }) => {
      if (stored.client) stored.client.is_unfinished = true;
      flows.set(stateHash, {
        id,
        server_id: serverId,
        server_name: server.name,
        workspace_id: WORKSPACE_ID,
        holder_id: server.credential_scope === 'member' ? USER_ID : null,
        url,
        return_to: returnTo,
        secret,
      });
      return Promise.resolve();
    },
    takeFlow: (stateHash) => {
      const flow = flows.get(stateHash) ?? null;
      flows.delete(stateHash);
      if (flow && stored.client) stored.client.is_unfinished = false;
      return Promise.resolve(flow);
    },
    putGrant: (grant) => Promise.resolve(void grants.push(grant)),
    dropGrant: () => {
      const grant = grants.pop();
      return Promise.resolve(
        grant
          ? {
              id: grant.id,
              server_id: SERVER_ID,
              user_id: grant.flow.holder_id,
              issuer: grant.issuer,
              revision: 1,
              expires_at: null,
              is_refused: false,
              wanted_scope: null,
              failures: 0,
              renewed_ms_ago: null,
              vain_renewals: 0,
              retry_in_ms: null,
              lease_left_ms: null,
              secret: grant.secret,
            }
          : null,
      );
    },
    finishRevocation: (id) => Promise.resolve(void finished.push(id)),
    readClient: () => Promise.resolve(stored.client),
    putClient: ({ id, issuer, secret }) => {
      stored.client = { id, issuer, secret, is_unfinished: false };
      return Promise.resolve();
    },
    dropRegistration: () => {
      if (server.oauth_client_id === null) stored.client = null;
      return Promise.resolve();
    },
    acceptedIssuer: () => Promise.resolve(stored.accepted),
  };
  return { ...fakeDatabase(server, access), ...signIns, flows, grants, finished, stored };
}

async function story(
  change: Partial<ProbeServer> = {},
  access: { role: Role | null; isOwn?: boolean } = { role: 'owner' },
  metadata = {},
) {
  const started = await startProtected(metadata);
  const server = await storedServer({
    auth_method: 'oauth',
    auth_header: null,
    secret: null,
    url: `${started.base}/mcp`,
    ...change,
  });
  const database = fakeSignIns(server, access);
  const deps = {
    database,
    readKeys: () => keys,
    policy: 'local' as const,
    identity: clientIdentity('https://page.example'),
    now: () => NOW.getTime(),
  };
  const begin = () => handle({ step: 'begin', server_id: SERVER_ID, return_to: '/talk' }, deps);
  const finish = (callback: Record<string, string>) =>
    handle({ step: 'finish', callback: new URLSearchParams(callback).toString() }, deps);
  const stateOf = (answer: Awaited<ReturnType<typeof begin>>) =>
    new URL((answer.body as { authorization_url: string }).authorization_url).searchParams.get('state') ?? '';
  return { ...started, database, deps, begin, finish, stateOf };
}
const codeOf = ({ body }: { body: unknown }) => (body as { code?: string }).code;

dialingTest('a sign-in goes to the authorization server, comes back, and is stored sealed', async () => {
  const { begin, finish, stateOf, database, base, stop } = await story();
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
  const { begin, finish, stateOf, base, asked, stop } = await story();
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
    const { begin, finish, stateOf, database, asked, stop } = await story();
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

dialingTest('a refusal on the page of the server is told, without its own words', async () => {
  const { begin, finish, stateOf, base, database, stop } = await story();
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
  const { begin, deps, stop } = await story();
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
    const { begin, stop } = await story({ credential_scope }, access);
    try {
      assert.equal((await begin()).status, status, `${credential_scope} ${access.role}`);
    } finally {
      await stop();
    }
  }
});

/** Who the person is sent to the authorization server as, in one sign-in after the other. */
async function clientsInTurn(
  turns: ('left' | 'finished')[],
  change: (given: Awaited<ReturnType<typeof story>>) => void,
) {
  const given = await story();
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
      const given = await story();
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
      const forget = ({ site }: Awaited<ReturnType<typeof story>>) => {
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
    const { begin, finish, stateOf, base, asked, stop } = await story();
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
  const { begin, finish, stateOf, base, site, asked, stop } = await story({ oauth_client_id: 'entered' });
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
    const { begin, finish, stateOf, base, database, stop } = await story(
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

dialingTest('signing out revokes where the server offers it', async () => {
  for (const [metadata, revoked] of [
    [{}, true],
    [{ revocation_endpoint: undefined }, false],
  ] as const) {
    const { begin, finish, stateOf, base, asked, deps, stop } = await story({}, { role: 'owner' }, metadata);
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
    const one = await story({ auth_method: 'none' });
    const other = await story();
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
    const { asked, database, deps, stop } = await story(change, access);
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
