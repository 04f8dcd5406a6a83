/**
 * A real authorization server (oidc-provider) with the MCP server that it guards, for stories of signing in. Any name
 * and password sign in; each person is asked whether they agree.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import Provider, { type KoaContextWithOIDC } from 'oidc-provider';
import { noteIssued, noteWhatIsIssuedBy } from './issued.ts';

/** A client that is registered by hand, for sign-in without a person. */
export const KNOWN_CLIENT = { client_id: 'known', client_secret: 'secret-of-the-known-client' };

export interface GuardedServer {
  /** Of the MCP server. */
  url: string;
  /** Of the authorization server. */
  issuer: string;
  /** Refreshes that were answered, well and badly. */
  refreshes: { ok: number; failed: number };
  /** Tokens that were revoked on request. */
  revocations: number;
  /**
   * What becomes of requests for tokens. `away`: 503; `unheard`: no answer, and nothing was done; `lost`: tokens were
   * made, and the answer with them does not arrive.
   */
  tokens: 'answered' | 'away' | 'unheard' | 'lost';
  /** Requests for tokens, whatever became of them. */
  asked: number;
  /** The MCP server refuses every access token that it has seen so far. */
  expireTokens(): void;
  close(): Promise<void>;
}

/** Starts both on ports of 127.0.0.1. */
export async function startGuardedServer(): Promise<GuardedServer> {
  const authorization = createServer();
  const { port } = await listen(authorization);
  const issuer = `http://127.0.0.1:${port}`;
  const mcp = createServer();
  const { port: mcpPort } = await listen(mcp);
  const url = `http://127.0.0.1:${mcpPort}/mcp`;

  const provider = createProvider(issuer, url);
  noteWhatIsIssuedBy(provider);
  noteIssued('a client secret', KNOWN_CLIENT.client_secret);
  const issuedAt = new Map<string, number>();
  let expiredAt = 0;
  const guarded: GuardedServer = {
    url,
    issuer,
    refreshes: { ok: 0, failed: 0 },
    revocations: 0,
    tokens: 'answered',
    asked: 0,
    expireTokens: () => (expiredAt = performance.now()),
    close: async () => {
      for (const server of [authorization, mcp]) {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      }
    },
  };
  const isRefresh = (ctx: KoaContextWithOIDC) => ctx.oidc.params?.['grant_type'] === 'refresh_token';
  provider.on('grant.success', (ctx) => void (isRefresh(ctx) && (guarded.refreshes.ok += 1)));
  provider.on('grant.error', (ctx) => void (isRefresh(ctx) && (guarded.refreshes.failed += 1)));
  const noteToken = ({ jti }: { jti: string }) => void issuedAt.set(jti, performance.now());
  provider.on('access_token.saved', noteToken);
  provider.on('client_credentials.saved', noteToken);
  const answer = provider.callback();
  authorization.on('request', (request, response) => {
    if (request.url === '/token/revocation') guarded.revocations += 1;
    if (request.url === '/token') {
      guarded.asked += 1;
      if (guarded.tokens === 'away') return void response.writeHead(503).end();
      if (guarded.tokens === 'unheard') return;
      if (guarded.tokens === 'lost') response.end = () => response;
    }
    void answer(request, response);
  });

  mcp.on(
    'request',
    createMcp(url, issuer, async (token) => {
      const found =
        (await provider.AccessToken.find(token)) ?? (await provider.ClientCredentials.find(token));
      const isOld = (issuedAt.get(found?.jti ?? '') ?? 0) <= expiredAt;
      if (!found || found.isExpired || isOld || found.aud !== url)
        throw new InvalidTokenError('not valid here');
      return {
        token,
        clientId: found.clientId ?? '',
        scopes: [...found.scopes],
        expiresAt: found.exp ?? 0,
        person: 'accountId' in found ? found.accountId : (found.clientId ?? ''),
      };
    }),
  );
  return guarded;
}

async function listen(server: Server): Promise<AddressInfo> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address() as AddressInfo;
}

function createProvider(issuer: string, resource: string): Provider {
  return new Provider(issuer, {
    findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    scopes: ['openid', 'offline_access', 'tools'],
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    clients: [
      {
        ...KNOWN_CLIENT,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    features: {
      clientCredentials: { enabled: true },
      registration: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, asked) => {
          if (asked !== resource) throw new Error('another resource');
          return { scope: 'tools', audience: asked, accessTokenFormat: 'opaque', accessTokenTTL: 3600 };
        },
      },
    },
  });
}

type Verify = (token: string) => Promise<{
  token: string;
  clientId: string;
  scopes: string[];
  expiresAt: number;
  person: string;
}>;

/** One tool, which tells whose token it was called with. */
function createMcp(url: string, issuer: string, verify: Verify) {
  const app = createMcpExpressApp({ host: '127.0.0.1' });
  const document = new URL('/.well-known/oauth-protected-resource/mcp', url).href;
  app.get('/.well-known/oauth-protected-resource/mcp', (_request, response) => {
    response.json({ resource: url, authorization_servers: [issuer], scopes_supported: ['tools'] });
  });
  const people = new Map<string, string>();
  const verifyAccessToken = async (token: string) => {
    const { person, ...info } = await verify(token);
    people.set(token, person);
    return info;
  };
  const guard = requireBearerAuth({ verifier: { verifyAccessToken }, resourceMetadataUrl: document });
  app.post('/mcp', guard, async (request, response) => {
    const server = new McpServer({ name: 'tickets', version: '1.0.0' });
    const annotations = { readOnlyHint: true, openWorldHint: false };
    server.registerTool(
      'who_am_i',
      { description: 'Tells as whom you are signed in.', inputSchema: {}, annotations },
      (_args, { authInfo }) => ({
        content: [{ type: 'text', text: `You are ${people.get(authInfo?.token ?? '') ?? 'nobody'}.` }],
      }),
    );
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    response.on('close', () => void server.close());
    await server.connect(transport);
    await transport.handleRequest(request, response, request.body);
  });
  return app;
}
