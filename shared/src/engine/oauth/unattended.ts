/** Signs in to a server without a user, by Patchbay's own client id and secret (client credentials grant). */
import {
  auth,
  fetchToken,
  type OAuthClientInformationContext,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
} from '@modelcontextprotocol/client';
import { AppError } from '../../contract/errors.ts';
import { withAuthorizationFetch, type AuthorizationFetch } from './authorization-fetch.ts';
import { discover } from './discovery.ts';
import type { Grant, GrantContent } from './grant.ts';
import { scopeToAsk, type EarlierScopes } from './scopes.ts';
import { problemOfSignIn } from './sign-in-problem.ts';
import type { ClientStore, SignInOptions } from './sign-in-provider.ts';

const TIMEOUT_MS = 25_000;

/**
 * Signs in with the client that the user entered.
 * @param earlier null at the first sign-in
 * @throws SignInProblem with a sentence for the user
 */
export async function signInUnattended(
  { serverUrl, policy, clients, acceptedIssuer = null }: Omit<SignInOptions, 'identity'>,
  earlier: EarlierScopes | null,
): Promise<Omit<GrantContent, 'server_id' | 'holder_id' | 'server_address'> & { issuer: string }> {
  const provider = new UnattendedProvider(clients);
  try {
    await withAuthorizationFetch({ policy, timeoutMs: TIMEOUT_MS }, async (fetchFn) => {
      const found = await discover(serverUrl, fetchFn, acceptedIssuer, policy);
      provider.discovery = found.state;
      const scope = scopeToAsk(found, earlier);
      await auth(provider, { serverUrl, fetchFn, ...(scope !== undefined && { scope }) });
    });
  } catch (error) {
    throw problemOfSignIn(error);
  }
  const { granted, discovery, client, resource, scope } = provider;
  if (!granted || !discovery || !client) throw new AppError('internal');
  const { authorizationServerUrl, authorizationServerMetadata } = discovery;
  const { issuer = authorizationServerUrl, ...tokens } = granted;
  return {
    issuer,
    tokens,
    client,
    authorization_server: authorizationServerUrl,
    metadata: authorizationServerMetadata ?? null,
    resource,
    requested_scope: scope,
    is_widest: earlier?.wanted === '',
    is_unattended: true,
  };
}

/** The next tokens of such a grant. @throws what the SDK throws */
export function renewUnattended(grant: Grant, fetchFn: AuthorizationFetch): Promise<GrantContent['tokens']> {
  const { client, authorization_server, metadata, resource, tokens, requested_scope } = grant;
  const scope = tokens.scope ?? requested_scope ?? undefined;
  const clients = { read: () => Promise.resolve(client), save: () => Promise.resolve() };
  return fetchToken(new UnattendedProvider(clients), authorization_server, {
    fetchFn,
    // Checked by the SDK when it was read at the sign-in.
    ...(metadata && { metadata: metadata as never }),
    ...(resource !== null && { resource }),
    ...(scope !== undefined && { scope }),
  });
}

class UnattendedProvider implements OAuthClientProvider {
  readonly redirectUrl = undefined;
  readonly clientMetadata = {
    client_name: 'Patchbay',
    redirect_uris: [],
    grant_types: ['client_credentials'],
  };
  granted: StoredOAuthTokens | null = null;
  discovery: OAuthDiscoveryState | null = null;
  client: StoredOAuthClientInformation | null = null;
  resource: string | null = null;
  scope: string | null = null;
  readonly #clients: ClientStore;

  constructor(clients: ClientStore) {
    this.#clients = clients;
  }

  async clientInformation({ issuer }: OAuthClientInformationContext = { issuer: '' }) {
    const server = this.discovery?.authorizationServerUrl ?? issuer;
    this.client ??= await this.#clients.read(issuer, server);
    return this.client ?? undefined;
  }

  async saveClientInformation(
    client: StoredOAuthClientInformation,
    { issuer }: OAuthClientInformationContext = { issuer: '' },
  ): Promise<void> {
    this.client = client;
    await this.#clients.save(issuer, client);
  }

  prepareTokenRequest(scope?: string): URLSearchParams {
    this.scope = scope ?? null;
    return new URLSearchParams({ grant_type: 'client_credentials', ...(scope && { scope }) });
  }

  tokens(): undefined {
    return undefined;
  }

  saveTokens(tokens: StoredOAuthTokens): void {
    this.granted = tokens;
  }

  saveDiscoveryState(discovery: OAuthDiscoveryState): void {
    this.discovery = discovery;
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.discovery ?? undefined;
  }

  saveResourceUrl(resource: string): void {
    this.resource = resource;
  }

  redirectToAuthorization(): never {
    throw new AppError('internal');
  }

  saveCodeVerifier(): never {
    throw new AppError('internal');
  }

  codeVerifier(): never {
    throw new AppError('internal');
  }
}
