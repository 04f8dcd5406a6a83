// The scenarios under `auth/` use the product's sign-in, with a user who agrees at once. Flows that the product
// doesn't offer use providers of the SDK.
import { randomUUID } from 'node:crypto';
import type { AcceptedIssuer } from '@patchbay/shared/engine/oauth/issuer';
import type { ClientStore, SignInOptions } from '@patchbay/shared/engine/oauth/sign-in-provider';
import { beginSignIn, finishSignIn } from '@patchbay/shared/engine/oauth/sign-in';
import { signInUnattended } from '@patchbay/shared/engine/oauth/unattended';
import { GrantTokens } from '@patchbay/shared/engine/oauth/token-source';
import { AppError } from '@patchbay/shared/contract/errors';
import { openConnection } from '@patchbay/shared/engine/session/open-connection';
import { probe } from '@patchbay/shared/engine/probe/probe';
import type { Credential } from '@patchbay/shared/engine/session/target';
import { MemoryGrantStore } from './memory-grant-store.ts';
import { SignInContext, signInWithoutPerson } from './without-person.ts';

/** Nothing listens there: the code is read from the redirect itself. */
const REDIRECT_URL = 'http://localhost:3000/callback';
/** The URL that the suite expects. */
const CLIENT_METADATA_URL = 'https://conformance-test.local/client-metadata.json';
/** A server may ask for another scope with every response. */
const MAX_SIGN_INS = 3;
/** Its metadata names another issuer than its address; an admin has accepted that. */
const OTHER_ISSUER = 'auth/2025-03-26-oauth-metadata-backcompat';

/** Signs in at a server, lists its tools and calls each. @throws when it does not come so far */
export async function signInAndCall(url: string, scenario: string, context: unknown): Promise<void> {
  const known = SignInContext.parse(context);
  if (await signInWithoutPerson(url, scenario, known)) return;
  const options: SignInOptions = {
    serverUrl: url,
    policy: 'local',
    clients: clientsOf(known),
    ...(scenario === OTHER_ISSUER && { acceptedIssuer: acceptedAt(url) }),
    identity: {
      redirectUrl: REDIRECT_URL,
      metadataUrl: CLIENT_METADATA_URL,
      metadata: {
        client_name: 'patchbay-conformance',
        client_uri: 'https://conformance-test.local/',
        redirect_uris: [REDIRECT_URL],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
      },
    },
  };
  const store = new MemoryGrantStore();
  const credential: Credential = { method: 'oauth', tokens: new GrantTokens({ store, policy: 'local' }) };
  for (let signIns = 0; ; signIns += 1) {
    try {
      return await useServer(url, credential);
    } catch (error) {
      const isForSignIn =
        error instanceof AppError && ['sign_in_required', 'scope_required'].includes(error.code);
      if (!isForSignIn || signIns >= MAX_SIGN_INS) throw error;
      if (scenario === 'auth/client-credentials-basic')
        store.put(await signInUnattended(options, store.earlierScopes));
      else await signIn(options, store);
    }
  }
}

async function signIn(options: SignInOptions, store: MemoryGrantStore): Promise<void> {
  const state = randomUUID();
  const { authorizationUrl, memory } = await beginSignIn(options, state, store.earlierScopes);
  const callback = await agree(authorizationUrl);
  if (callback.get('state') !== state) throw new Error('the answer has another state');
  store.put(await finishSignIn(options, memory, callback));
}

/** The suite's authorization server redirects at once. */
async function agree(url: string): Promise<URLSearchParams> {
  const response = await fetch(url, { redirect: 'manual' });
  const location = response.headers.get('location');
  if (location === null)
    throw new Error(`the authorization server answered ${response.status}, not a redirect`);
  return new URL(location).searchParams;
}

async function useServer(url: string, credential: Credential): Promise<void> {
  const target = { url, transport: 'auto', credential } as const;
  const tested = await probe(target, { policy: 'local' });
  if (!tested.ok) throw new AppError(tested.code);
  const connection = openConnection(
    { ...target, serverId: 'conformance', configVersion: 1, callTimeoutMs: 10_000, maxConcurrency: 4 },
    { policy: 'local' },
  );
  try {
    for (const { name } of tested.tools) await connection.call(name, {});
  } finally {
    await connection.close();
  }
}

function acceptedAt(url: string): AcceptedIssuer {
  const { origin } = new URL(url);
  return { expected: `${origin}/`, issuer: `${origin}/oauth` };
}

function clientsOf({ client_id, client_secret }: SignInContext): ClientStore {
  const clients = new Map<string, Parameters<ClientStore['save']>[1]>();
  return {
    read: (issuer) => {
      if (client_id === undefined) return Promise.resolve(clients.get(issuer) ?? null);
      return Promise.resolve({ client_id, ...(client_secret !== undefined && { client_secret }) });
    },
    save: (issuer, client) => Promise.resolve(void clients.set(issuer, client)),
  };
}
