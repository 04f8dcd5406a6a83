/** Signing in to a server, in two requests with the user's consent in between, on the SDK's own OAuth code. */
import {
  auth,
  exchangeAuthorization,
  OAuthError,
  validateAuthorizationResponseIssuer,
} from '@modelcontextprotocol/client';
import { z } from 'zod';
import type { AddressPolicy } from '../outgoing/address-policy.ts';
import { checkEndpoint, requirePkce } from './authorization-server.ts';
import { withAuthorizationFetch } from './authorization-fetch.ts';
import { discover } from './discovery.ts';
import type { GrantContent } from './grant.ts';
import { scopeToAsk, type EarlierScopes } from './scopes.ts';
import { problemOfSignIn, SignInProblem } from './sign-in-problem.ts';
import { SignInProvider, type FlowMemory, type SignInOptions } from './sign-in-provider.ts';

const TIMEOUT_MS = 25_000;

/**
 * Finds the authorization server of an MCP server, registers with it where that is needed, and prepares the request
 * of a sign-in.
 * @param earlier null at the first sign-in
 * @returns the address that the user goes to, and what `finishSignIn` has to know
 * @throws SignInProblem with a sentence for the user
 */
export function beginSignIn(
  options: SignInOptions,
  state: string,
  earlier: EarlierScopes | null,
): Promise<{ authorizationUrl: string; memory: FlowMemory }> {
  const { serverUrl, policy, acceptedIssuer = null } = options;
  return naming(() =>
    withAuthorizationFetch({ policy, timeoutMs: TIMEOUT_MS }, async (fetchFn) => {
      const found = await discover(serverUrl, fetchFn, acceptedIssuer, policy);
      requirePkce(found.state.authorizationServerMetadata);
      const scope = scopeToAsk(found, earlier);
      const provider = new SignInProvider(options, state, found.state);
      const request = { serverUrl, fetchFn, forceReauthorization: true };
      await auth(provider, { ...request, ...(scope !== undefined && { scope }) });
      const isWidest = earlier?.wanted === '';
      const { authorizationUrl, ...memory } = provider.begun();
      // Without metadata it is made from the address of the server.
      checkEndpoint('authorization_endpoint', authorizationUrl.href, policy);
      return { authorizationUrl: authorizationUrl.href, memory: { ...memory, isWidest } };
    }),
  );
}

/**
 * Redeems what the user came back with from the authorization server. Nothing is sent there before its `iss` is checked,
 * which is compared exactly (RFC 9207, section 2.4).
 * @param callback the query of the callback
 * @throws SignInProblem with a sentence for the user
 */
export function finishSignIn(
  { policy, identity }: Pick<SignInOptions, 'policy' | 'identity'>,
  memory: FlowMemory,
  callback: URLSearchParams,
): Promise<Omit<GrantContent, 'server_id' | 'holder_id' | 'server_address'> & { issuer: string }> {
  const { client, verifier, resource, scope, isWidest, discovery } = memory;
  const { authorizationServerUrl, authorizationServerMetadata: metadata } = discovery;
  return naming(() =>
    withAuthorizationFetch({ policy, timeoutMs: TIMEOUT_MS }, async (fetchFn) => {
      const tokens = await exchangeAuthorization(authorizationServerUrl, {
        ...(metadata && { metadata }),
        ...(resource !== null && { resource }),
        clientInformation: client,
        authorizationCode: codeFrom(callback, memory),
        iss: callback.get('iss') ?? undefined,
        codeVerifier: verifier,
        redirectUri: identity.redirectUrl,
        fetchFn,
      });
      return {
        issuer: metadata?.issuer ?? authorizationServerUrl,
        tokens,
        client,
        authorization_server: authorizationServerUrl,
        metadata: metadata ?? null,
        resource,
        requested_scope: scope,
        is_widest: isWidest,
        is_unattended: false,
      };
    }),
  );
}

/** @throws SignInProblem or OAuthError when there is none: an error is read only from the server that was asked */
function codeFrom(callback: URLSearchParams, { discovery }: FlowMemory): string {
  const code = callback.get('code');
  if (code) return code;
  const metadata = discovery.authorizationServerMetadata;
  // Without metadata nobody knows what its issuer is, and whose words these are.
  if (!metadata) throw new SignInProblem('sign_in_refused', null);
  validateAuthorizationResponseIssuer({
    iss: callback.get('iss') ?? undefined,
    expectedIssuer: metadata.issuer,
    issParameterSupported: metadata.authorization_response_iss_parameter_supported === true,
  });
  const error = callback.get('error');
  throw error ? new OAuthError(error, error) : new SignInProblem('sign_in_refused', null);
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
  return withAuthorizationFetch({ policy, timeoutMs: TIMEOUT_MS }, async (fetchFn) => {
    const init = { method: 'POST', headers, body, redirect: 'manual' } as const;
    const response = await fetchFn(data.revocation_endpoint, init);
    await response.body?.cancel();
    return response.ok ? ('revoked' as const) : ('failed' as const);
  }).catch(() => 'failed' as const);
}

async function naming<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw problemOfSignIn(error);
  }
}
