import {
  checkResourceAllowed,
  discoverAuthorizationServerMetadata,
  discoverOAuthProtectedResourceMetadata,
  discoverOAuthServerInfo,
  resourceUrlFromServerUrl,
  type OAuthDiscoveryState,
} from '@modelcontextprotocol/client';
import type { AddressPolicy } from '../outgoing/address-policy.ts';
import { readChallenge, type Challenge } from '../http/challenge.ts';
import {
  withAuthorizationFetch,
  type AuthorizationFetch,
  type AuthorizationFetchOptions,
} from './authorization-fetch.ts';
import { checkEndpoints } from './authorization-server.ts';
import { isSameIssuer, type AcceptedIssuer } from './issuer.ts';
import { issuerMismatch, SignInProblem } from './sign-in-problem.ts';

export interface Discovery {
  state: OAuthDiscoveryState;
  /** The scopes that the server asks for before anybody is signed in; null where it names none. */
  scope: string | null;
}

/**
 * Finds the authorization server of an MCP server: by its refusal, at the well-known addresses of its path and of its
 * origin, and at last at the origin itself.
 * @param accepted an issuer that may differ for this server; null: none
 * @param policy for the addresses that the metadata name
 * @throws SignInProblem `issuer_mismatch` or `sign_in_bad_response`, or what the SDK throws
 */
export async function discover(
  serverUrl: string,
  fetchFn: AuthorizationFetch,
  accepted: AcceptedIssuer | null,
  policy: AddressPolicy,
): Promise<Discovery> {
  const { resourceMetadataUrl, scope } = await askWithoutToken(serverUrl, fetchFn);
  let failure: number | null = null;
  // The SDK continues its discovery after a 404, but not after a 500.
  const patient: AuthorizationFetch = async (url, init) => {
    const response = await fetchFn(url, init);
    if (response.status < 500) return response;
    failure = response.status;
    return new Response(null, { status: 404 });
  };
  // The issuer is checked below: the SDK doesn't take one with a slash more.
  const options = { fetchFn: patient, skipIssuerMetadataValidation: true };
  let info = await discoverOAuthServerInfo(serverUrl, {
    ...options,
    ...(resourceMetadataUrl && { resourceMetadataUrl }),
  });
  // Nothing usable at the address that the server named.
  if (resourceMetadataUrl && !info.resourceMetadata) info = await discoverOAuthServerInfo(serverUrl, options);
  if (!info.authorizationServerMetadata && failure !== null)
    throw new SignInProblem('sign_in_unreachable', `It responded with status ${String(failure)}.`);
  const { authorizationServerUrl: expected, authorizationServerMetadata, resourceMetadata } = info;
  const issuer = authorizationServerMetadata?.issuer ?? expected;
  const isAccepted =
    accepted !== null && isSameIssuer(accepted.expected, expected) && accepted.issuer === issuer;
  if (!isSameIssuer(expected, issuer) && !isAccepted) throw issuerMismatch(expected, issuer);
  checkEndpoints(authorizationServerMetadata, policy);
  if (resourceMetadata) checkResource(serverUrl, resourceMetadata.resource);
  const metadataUrl = info.resourceMetadata && resourceMetadataUrl?.href;
  return { state: { ...info, ...(metadataUrl && { resourceMetadataUrl: metadataUrl }) }, scope };
}

/** A token for another resource would be of no use here, or of use to somebody else (RFC 8707). */
function checkResource(serverUrl: string, resource: string): void {
  const requestedResource = resourceUrlFromServerUrl(serverUrl);
  const isAllowed =
    URL.canParse(resource) && checkResourceAllowed({ requestedResource, configuredResource: resource });
  if (isAllowed) return;
  const named = URL.canParse(resource) ? new URL(resource).href.slice(0, 300) : 'no address';
  const detail = `The metadata of the server is for ${named}, and its address is ${requestedResource.href}.`;
  throw new SignInProblem('sign_in_unsupported', detail);
}

/** The server's own word on where to sign in and with which scopes, from its refusal. */
async function askWithoutToken(
  serverUrl: string,
  fetchFn: AuthorizationFetch,
): Promise<Pick<Challenge, 'resourceMetadataUrl' | 'scope'>> {
  const response = await fetchFn(serverUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }),
  });
  await response.body?.cancel();
  const isRefused = response.status === 401 || response.status === 403;
  return readChallenge(isRefused ? response.headers : new Headers(), serverUrl);
}

/** Requests of a search: two for the resource's metadata, and as many as the SDK makes for the origin's. */
const SEARCH_MS = 4_000;

/**
 * Whether discovery finds an authorization server for a server that refuses us. Makes four requests at most; never
 * rejects.
 * @param challenge what the server said when it refused
 */
export function offersSignIn(
  serverUrl: string,
  challenge: Pick<Challenge, 'resourceMetadataUrl'>,
  options: Omit<AuthorizationFetchOptions, 'timeoutMs'>,
): Promise<boolean> {
  return withAuthorizationFetch({ ...options, timeoutMs: SEARCH_MS }, async (fetchFn) => {
    const { resourceMetadataUrl } = challenge;
    const where = resourceMetadataUrl ? { resourceMetadataUrl } : {};
    const resource = await discoverOAuthProtectedResourceMetadata(serverUrl, where, fetchFn).catch(
      () => null,
    );
    if (resource?.authorization_servers?.length) return true;
    const origin = new URL('/', serverUrl).href;
    const settings = { fetchFn, skipIssuerValidation: true };
    return (await discoverAuthorizationServerMetadata(origin, settings)) !== undefined;
  }).catch(() => false);
}
