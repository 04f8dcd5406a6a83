import type {
  OAuthClientInformationContext,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
} from '@modelcontextprotocol/client';
import { z } from 'zod';
import type { AddressPolicy } from '../outgoing/address-policy.ts';
import { AppError } from '../../contract/errors.ts';
import type { ClientIdentity } from './client-metadata.ts';
import type { AcceptedIssuer } from './issuer.ts';

/** What the second request has to know of the first; it is sealed in between. */
export interface FlowMemory {
  verifier: string;
  discovery: OAuthDiscoveryState;
  client: StoredOAuthClientInformation;
  resource: string | null;
  /** The scopes that were asked for; null: none were named. */
  scope: string | null;
  /** Whether they are all that the server lists. */
  isWidest: boolean;
}

/** For what was sealed, and is of our own making. */
export const FlowMemory = z.custom<FlowMemory>((one) => typeof one === 'object' && one !== null);

/** The clients that authorization servers know us by, at one server. */
export interface ClientStore {
  /**
   * @param issuer of the authorization server, by its own word
   * @param server the authorization server that is asked: the same, or one whose other issuer was accepted
   */
  read(issuer: string, server: string): Promise<StoredOAuthClientInformation | null>;
  save(issuer: string, client: StoredOAuthClientInformation): Promise<void>;
}

export interface SignInOptions {
  /** Of the MCP server. */
  serverUrl: string;
  identity: ClientIdentity;
  policy: AddressPolicy;
  clients: ClientStore;
  /** An issuer that an owner or admin accepted for this server. */
  acceptedIssuer?: AcceptedIssuer | null;
}

/** Hands the SDK what is known of a sign-in that begins, and keeps what it finds. */
export class SignInProvider implements OAuthClientProvider {
  readonly redirectUrl: string;
  readonly clientMetadata: ClientIdentity['metadata'];
  readonly clientMetadataUrl?: string;
  readonly #clients: ClientStore;
  readonly #state: string;
  #authorizationUrl: URL | null = null;
  #memory: Partial<FlowMemory>;

  constructor({ identity, clients }: SignInOptions, state: string, discovery: OAuthDiscoveryState) {
    this.redirectUrl = identity.redirectUrl;
    this.clientMetadata = identity.metadata;
    if (identity.metadataUrl !== null) this.clientMetadataUrl = identity.metadataUrl;
    this.#clients = clients;
    this.#state = state;
    this.#memory = { discovery };
  }

  /** Where the user goes, and what to remember until they return. */
  begun(): { authorizationUrl: URL } & Omit<FlowMemory, 'isWidest'> {
    const { verifier, discovery, client, resource = null } = this.#memory;
    const authorizationUrl = this.#authorizationUrl;
    if (verifier === undefined || !discovery || !client || !authorizationUrl) throw new AppError('internal');
    const scope = authorizationUrl.searchParams.get('scope');
    return { authorizationUrl, verifier, discovery, client, resource, scope };
  }

  state(): string {
    return this.#state;
  }

  async clientInformation({ issuer }: OAuthClientInformationContext = { issuer: '' }) {
    const server = this.#memory.discovery?.authorizationServerUrl ?? issuer;
    this.#memory.client ??= (await this.#clients.read(issuer, server)) ?? undefined;
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

  saveTokens(): never {
    throw new AppError('internal');
  }

  redirectToAuthorization(url: URL): void {
    this.#authorizationUrl = url;
  }

  saveCodeVerifier(verifier: string): void {
    this.#memory.verifier = verifier;
  }

  codeVerifier(): never {
    throw new AppError('internal');
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
