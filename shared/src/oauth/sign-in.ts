/** Signing in to a server, in two requests with a person in between, on the SDK's own OAuth code. */
import {
  auth,
  extractWWWAuthenticateParams,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { z } from 'zod';
import type { AddressPolicy } from '../address-policy.ts';
import { AppError } from '../errors.ts';
import { withAuthorizationFetch, type AuthorizationFetch } from './authorization-fetch.ts';
import type { GrantContent } from './grant.ts';
import { problemOfSignIn } from './sign-in-problem.ts';
import { SignInProvider, type FlowMemory, type SignInOptions } from './sign-in-provider.ts';

const TIMEOUT_MS = 25_000;

/**
 * Finds the authorization server of an MCP server, registers with it where that is needed, and prepares the request
 * of a sign-in.
 * @param scope the rights that an earlier sign-in lacked
 * @returns the address that the person goes to, and what `finishSignIn` has to know
 * @throws SignInProblem with a sentence for the user
 */
export async function beginSignIn(
  options: SignInOptions,
  state: string,
  scope: string | null,
): Promise<{ authorizationUrl: string; memory: FlowMemory }> {
  const provider = new SignInProvider(options, { state });
  await naming(() =>
    withAuthorizationFetch(options.policy, TIMEOUT_MS, async (fetchFn) => {
      const asked = await askWithoutToken(options.serverUrl, fetchFn);
      const { resourceMetadataUrl } = asked;
      const wanted = [...new Set(`${asked.scope ?? ''} ${scope ?? ''}`.split(' ').filter(Boolean))].join(' ');
      await auth(provider, {
        serverUrl: options.serverUrl,
        fetchFn,
        forceReauthorization: true,
        ...(resourceMetadataUrl && { resourceMetadataUrl }),
        ...(wanted && { scope: wanted }),
      });
    }),
  );
  const { authorizationUrl } = provider;
  if (!authorizationUrl) throw new AppError('internal');
  return { authorizationUrl: authorizationUrl.href, memory: provider.memory() };
}

/**
 * Redeems what the authorization server sent the person back with.
 * @param callback the query of the callback
 * @throws SignInProblem with a sentence for the user
 */
export async function finishSignIn(
  options: SignInOptions,
  memory: FlowMemory,
  callback: URLSearchParams,
): Promise<Omit<GrantContent, 'server_id' | 'holder_id'> & { issuer: string }> {
  const provider = new SignInProvider(options, { memory });
  await naming(() =>
    withAuthorizationFetch(options.policy, TIMEOUT_MS, async (fetchFn) => {
      const authProvider = provider;
      const transport = new StreamableHTTPClientTransport(new URL(options.serverUrl), {
        authProvider,
        fetch: fetchFn,
      });
      await transport.finishAuth(callback);
    }),
  );
  const { granted } = provider;
  if (!granted) throw new AppError('internal');
  const { authorizationServerUrl, authorizationServerMetadata } = memory.discovery;
  const { issuer = authorizationServerUrl, ...tokens } = granted;
  return {
    issuer,
    tokens,
    client: memory.client,
    authorization_server: authorizationServerUrl,
    metadata: authorizationServerMetadata ?? null,
    resource: memory.resource,
    is_unattended: false,
  };
}

const Revocable = z.looseObject({ revocation_endpoint: z.url() });

/** What became of a revocation; what failed may be tried again. */
export type Revocation = 'revoked' | 'not_offered' | 'failed';

/** Tells the authorization server that a grant is over, where it has an address for that; never rejects. */
export async function revokeGrant(grant: GrantContent, policy: AddressPolicy): Promise<Revocation> {
  const { data } = Revocable.safeParse(grant.metadata);
  if (!data) return 'not_offered';
  const { client, tokens } = grant;
  const [token, hint] = tokens.refresh_token
    ? [tokens.refresh_token, 'refresh_token']
    : [tokens.access_token, 'access_token'];
  const { client_id, client_secret } = client;
  const body = new URLSearchParams({
    token,
    token_type_hint: hint,
    client_id,
    ...(client_secret && { client_secret }),
  });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return withAuthorizationFetch(policy, TIMEOUT_MS, async (fetchFn) => {
    const init = { method: 'POST', headers, body, redirect: 'manual' } as const;
    const response = await fetchFn(data.revocation_endpoint, init);
    await response.body?.cancel();
    return response.ok ? ('revoked' as const) : ('failed' as const);
  }).catch(() => 'failed' as const);
}

/** The server's own word on where to sign in, from its 401. */
export async function askWithoutToken(serverUrl: string, fetchFn: AuthorizationFetch) {
  const response = await fetchFn(serverUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
  });
  await response.body?.cancel();
  return response.status === 401 ? extractWWWAuthenticateParams(response) : {};
}

async function naming(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw problemOfSignIn(error);
  }
}
