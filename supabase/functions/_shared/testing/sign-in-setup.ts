import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AcceptedIssuer } from '../../../../shared/src/engine/oauth/issuer.ts';
import { clientIdentity } from '../../../../shared/src/engine/oauth/client-metadata.ts';
import type { ProbeServer, SealedSecret } from '../../../../shared/src/contract/schema/snapshot.ts';
import type { Role } from '../../../../shared/src/contract/schema/workspace.ts';
import { fakeDatabase, keys, NOW, SERVER_ID, storedServer, USER_ID, WORKSPACE_ID } from '../fixtures.ts';
import type { SignInDatabase, StoredClient, StoredClientSecret, StoredFlow } from '../sign-in-database.ts';
import { handle } from '../../server-sign-in/handle.ts';

const CALLBACK = 'https://page.example/oauth/callback';

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
  const stored: {
    client: StoredClient | null;
    clientSecret: StoredClientSecret | null;
    accepted: AcceptedIssuer | null;
  } = {
    client: null,
    clientSecret: server.secret && { id: 'entered', issuer: null, secret: server.secret },
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
    readClientSecret: () => Promise.resolve(stored.clientSecret),
    bindClientSecret: ({ id, issuer, secret }) => {
      const isFirst = stored.clientSecret?.id === id && stored.clientSecret.issuer === null;
      if (isFirst) stored.clientSecret = { id, issuer, secret };
      return Promise.resolve(isFirst);
    },
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

/** A sign-in to one server, with what the function stores of it. */
export async function setUpSignIn(
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
export const codeOf = ({ body }: { body: unknown }) => (body as { code?: string }).code;
