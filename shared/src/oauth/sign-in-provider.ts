import type {
  OAuthClientInformationContext,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from '@modelcontextprotocol/client';
import { z } from 'zod';
import type { AddressPolicy } from '../address-policy.ts';
import { AppError } from '../errors.ts';
import type { ClientIdentity } from './client-metadata.ts';

/** What the second request has to know of the first; it is sealed in between. */
export interface FlowMemory {
  verifier: string;
  discovery: OAuthDiscoveryState;
  client: StoredOAuthClientInformation;
  resource: string | null;
}

/** For what was sealed, and is of our own making. */
export const FlowMemory = z.custom<FlowMemory>((one) => typeof one === 'object' && one !== null);

/** The clients that authorization servers know us by, at one server. */
export interface ClientStore {
  /** @param issuer of the authorization server */
  read(issuer: string): Promise<StoredOAuthClientInformation | null>;
  save(issuer: string, client: StoredOAuthClientInformation): Promise<void>;
}

export interface SignInOptions {
  /** Of the MCP server. */
  serverUrl: string;
  identity: ClientIdentity;
  policy: AddressPolicy;
  clients: ClientStore;
}

/** Hands the SDK what is known of one sign-in, and keeps what it finds. */
export class SignInProvider implements OAuthClientProvider {
  readonly redirectUrl: string;
  readonly clientMetadata: ClientIdentity['metadata'];
  readonly clientMetadataUrl?: string;
  /** Where the person goes; null before it is known. */
  authorizationUrl: URL | null = null;
  granted: StoredOAuthTokens | null = null;
  readonly #clients: ClientStore;
  readonly #state: string;
  #memory: Partial<FlowMemory>;

  /** @param known the `state` of a sign-in that begins, or what is remembered of one that ends */
  constructor({ identity, clients }: SignInOptions, known: { state?: string; memory?: FlowMemory }) {
    this.redirectUrl = identity.redirectUrl;
    this.clientMetadata = identity.metadata;
    if (identity.metadataUrl !== null) this.clientMetadataUrl = identity.metadataUrl;
    this.#clients = clients;
    this.#state = known.state ?? '';
    this.#memory = known.memory ?? {};
  }

  /** What has to be remembered until the person comes back. */
  memory(): FlowMemory {
    const { verifier, discovery, client, resource = null } = this.#memory;
    if (verifier === undefined || !discovery || !client) throw new AppError('internal');
    return { verifier, discovery, client, resource };
  }

  state(): string {
    return this.#state;
  }

  async clientInformation({ issuer }: OAuthClientInformationContext = { issuer: '' }) {
    this.#memory.client ??= (await this.#clients.read(issuer)) ?? undefined;
    return this.#memory.client;
  }

  async saveClientInformation(
    client: StoredOAuthClientInformation,
    { issuer }: OAuthClientInformationContext = { issuer: '' },
  ): Promise<void> {
    this.#memory.client = client;
    await this.#clients.save(issuer, client);
  }

  /** A sign-in never goes on with the tokens of an earlier one. */
  tokens(): undefined {
    return undefined;
  }

  saveTokens(tokens: StoredOAuthTokens): void {
    this.granted = tokens;
  }

  redirectToAuthorization(url: URL): void {
    this.authorizationUrl = url;
  }

  saveCodeVerifier(verifier: string): void {
    this.#memory.verifier = verifier;
  }

  codeVerifier(): string {
    return this.memory().verifier;
  }

  saveDiscoveryState(discovery: OAuthDiscoveryState): void {
    this.#memory.discovery = discovery;
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#memory.discovery;
  }

  saveResourceUrl(resource: string): void {
    this.#memory.resource = resource;
  }
}
