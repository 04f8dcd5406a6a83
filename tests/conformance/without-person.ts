import {
  Client,
  CrossAppAccessProvider,
  PrivateKeyJwtProvider,
  requestJwtAuthorizationGrant,
  StreamableHTTPClientTransport,
  type OAuthClientProvider,
} from '@modelcontextprotocol/client';
import { z } from 'zod';

/** What a scenario may tell its client (`MCP_CONFORMANCE_CONTEXT`). */
export const SignInContext = z.object({
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
  private_key_pem: z.string().optional(),
  signing_algorithm: z.string().optional(),
  idp_client_id: z.string().optional(),
  idp_id_token: z.string().optional(),
  idp_token_endpoint: z.string().optional(),
});
export type SignInContext = z.infer<typeof SignInContext>;

/**
 * Scenarios that sign in in ways that the product does not offer, with a signed token or that of another application:
 * on the raw client of the SDK.
 * @returns whether this was one of them
 */
export async function signInWithoutPerson(
  url: string,
  scenario: string,
  context: SignInContext,
): Promise<boolean> {
  const authProvider = providerFor(scenario, context);
  if (!authProvider) return false;
  const client = new Client(
    { name: 'patchbay-conformance', version: '0.1.0' },
    { versionNegotiation: { mode: 'auto' } },
  );
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { authProvider }));
  const { tools } = await client.listTools();
  const name = tools[0]?.name;
  if (name !== undefined) await client.callTool({ name, arguments: {} });
  await client.close();
  return true;
}

function providerFor(scenario: string, context: SignInContext): OAuthClientProvider | null {
  const { client_id: clientId = '', client_secret: clientSecret = '' } = context;
  if (scenario === 'auth/client-credentials-jwt') {
    const { private_key_pem: privateKey = '', signing_algorithm: algorithm = 'ES256' } = context;
    return new PrivateKeyJwtProvider({ clientId, privateKey, algorithm });
  }
  // The pre-release uses the second name.
  if (['auth/cross-app-access-complete-flow', 'auth/enterprise-managed-authorization'].includes(scenario)) {
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
