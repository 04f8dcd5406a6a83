/**
 * Sign-in for the scenarios under `auth/`: the SDK's own OAuth code, with a user who agrees at once. The product
 * does not sign in by OAuth yet; what passes here is what the raw client passes.
 */
import {
  Client,
  ClientCredentialsProvider,
  CrossAppAccessProvider,
  PrivateKeyJwtProvider,
  requestJwtAuthorizationGrant,
  StreamableHTTPClientTransport,
  UnauthorizedError,
  type OAuthClientMetadata,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
} from '@modelcontextprotocol/client';
import { z } from 'zod';

const CLIENT_NAME = 'patchbay-conformance';
/** Nobody listens there: the answer is read from the redirect itself. */
const REDIRECT_URL = 'http://localhost:3000/callback';
/** The one that the suite knows. */
const CLIENT_METADATA_URL = 'https://conformance-test.local/client-metadata.json';
/** A server that wants another scope with every answer is not followed for ever. */
const MAX_SIGN_INS = 2;

/** What a scenario may tell its client (`MCP_CONFORMANCE_CONTEXT`). */
const Context = z.object({
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
  private_key_pem: z.string().optional(),
  signing_algorithm: z.string().optional(),
  idp_client_id: z.string().optional(),
  idp_id_token: z.string().optional(),
  idp_token_endpoint: z.string().optional(),
});
type Context = z.infer<typeof Context>;

/** Signs in at a server, lists its tools and calls the first of them. @throws what the SDK throws */
export async function signInAndCall(url: string, scenario: string, context: unknown): Promise<void> {
  const user = new AgreeingUser(Context.parse(context));
  const provider = providerFor(scenario, Context.parse(context)) ?? user;
  const client = new Client(
    { name: CLIENT_NAME, version: '0.1.0' },
    { versionNegotiation: { mode: 'auto' } },
  );
  let transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
  let signIns = 0;
  const signedIn = async <T>(request: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await request();
      } catch (error) {
        if (!(error instanceof UnauthorizedError) || !user.answer || (signIns += 1) > MAX_SIGN_INS)
          throw error;
        await transport.finishAuth(user.answer);
      }
    }
  };
  await signedIn(async () => {
    transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
    await client.connect(transport);
  });
  const { tools } = await signedIn(() => client.listTools());
  const name = tools[0]?.name;
  if (name !== undefined) await signedIn(() => client.callTool({ name, arguments: {} }));
  await client.close();
}

/** Scenarios without a user have providers of their own in the SDK. */
function providerFor(scenario: string, context: Context): OAuthClientProvider | null {
  const { client_id: clientId = '', client_secret: clientSecret = '' } = context;
  if (scenario === 'auth/client-credentials-basic') {
    return new ClientCredentialsProvider({ clientId, clientSecret });
  }
  if (scenario === 'auth/client-credentials-jwt') {
    const { private_key_pem: privateKey = '', signing_algorithm: algorithm = 'ES256' } = context;
    return new PrivateKeyJwtProvider({ clientId, privateKey, algorithm });
  }
  if (scenario === 'auth/cross-app-access-complete-flow') {
    return new CrossAppAccessProvider({
      clientId,
      clientSecret,
      assertion: async ({ authorizationServerUrl, resourceUrl, scope, fetchFn }) => {
        const grant = await requestJwtAuthorizationGrant({
          tokenEndpoint: context.idp_token_endpoint ?? '',
          audience: authorizationServerUrl,
          resource: resourceUrl,
          idToken: context.idp_id_token ?? '',
          clientId: context.idp_client_id ?? '',
          scope,
          fetchFn,
        });
        return grant.jwtAuthGrant;
      },
    });
  }
  return null;
}

/** Follows the link to the authorization server, which in the suite redirects back at once, with the code. */
class AgreeingUser implements OAuthClientProvider {
  readonly redirectUrl = REDIRECT_URL;
  readonly clientMetadataUrl = CLIENT_METADATA_URL;
  readonly clientMetadata: OAuthClientMetadata = {
    client_name: CLIENT_NAME,
    redirect_uris: [REDIRECT_URL],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  };
  /** What the last redirect back said. */
  answer: URLSearchParams | null = null;
  #client: StoredOAuthClientInformation | undefined;
  #tokens: StoredOAuthTokens | undefined;
  #verifier = '';
  #discovery: OAuthDiscoveryState | undefined;

  constructor({ client_id, client_secret }: Context) {
    if (client_id !== undefined)
      this.#client = { client_id, ...(client_secret !== undefined && { client_secret }) };
  }

  clientInformation(): StoredOAuthClientInformation | undefined {
    return this.#client;
  }

  saveClientInformation(client: StoredOAuthClientInformation): void {
    this.#client = client;
  }

  tokens(): StoredOAuthTokens | undefined {
    return this.#tokens;
  }

  saveTokens(tokens: StoredOAuthTokens): void {
    this.#tokens = tokens;
  }

  async redirectToAuthorization(url: URL): Promise<void> {
    const response = await fetch(url, { redirect: 'manual' });
    const location = response.headers.get('location');
    if (location === null)
      throw new Error(`the authorization server answered ${response.status}, not a redirect`);
    this.answer = new URL(location).searchParams;
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.#discovery = state;
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discovery;
  }
}
