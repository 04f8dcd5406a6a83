/** The MCP SDK's example authorization server: no consent, refresh tokens, `iss` in responses or revocation endpoint. */
import { createServer } from 'node:http';
import { DemoInMemoryAuthProvider } from '@modelcontextprotocol/sdk/examples/server/demoInMemoryOAuthProvider.js';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { mcpAuthRouter } from '@modelcontextprotocol/sdk/server/auth/router.js';
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js';
import { createGuardedMcp, SCOPES } from './guarded-mcp.ts';
import { noteIssued } from './issued.ts';
import { endServer, listenOnLoopback } from './listen.ts';

export interface ExampleServer {
  url: string;
  endTokens(): void;
  close(): Promise<void>;
}

class NotingProvider extends DemoInMemoryAuthProvider {
  override async exchangeAuthorizationCode(
    ...args: Parameters<DemoInMemoryAuthProvider['exchangeAuthorizationCode']>
  ) {
    noteIssued('an authorization code', args[1]);
    const tokens = await super.exchangeAuthorizationCode(...args);
    noteIssued('an access token', tokens.access_token);
    return tokens;
  }
}

/** Starts both on ports of 127.0.0.1. */
export async function startExampleServer(): Promise<ExampleServer> {
  const authorization = createServer();
  const mcp = createServer();
  const issuer = await listenOnLoopback(authorization);
  const url = `${await listenOnLoopback(mcp)}/mcp`;

  const provider = new NotingProvider((resource) => resource?.href === url);
  const resourceServerUrl = new URL(url);
  const scopesSupported = SCOPES.larger.split(' ');
  const app = createMcpExpressApp({ host: '127.0.0.1' });
  app.use(mcpAuthRouter({ provider, issuerUrl: new URL(issuer), scopesSupported, resourceServerUrl }));
  authorization.on('request', (request, response) => void app(request, response));

  let ended = new Set<string>();
  const seen = new Set<string>();
  const verify = async (token: string) => {
    seen.add(token);
    const info = ended.has(token) ? null : await provider.verifyAccessToken(token).catch(() => null);
    if (!info) throw new InvalidTokenError('not valid here');
    return { ...info, person: 'whoever came' };
  };
  const guarded = createGuardedMcp({ url, issuer: new URL(issuer).href, verify });
  mcp.on('request', (request, response) => void guarded(request, response));
  return {
    url,
    endTokens: () => (ended = new Set(seen)),
    close: async () => {
      await Promise.all([authorization, mcp].map(endServer));
    },
  };
}
