// A real authorization server (oidc-provider) with the MCP server that it protects. Any name and password sign in;
// each user is asked for consent.
import { createServer } from 'node:http';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import Provider, { type KoaContextWithOIDC } from 'oidc-provider';
import { createGuardedMcp, SCOPES } from './guarded-mcp.ts';
import { noteIssued, noteWhatIsIssuedBy } from './issued.ts';
import { endServer, listenOnLoopback } from './listen.ts';

/** A client that is registered by hand, for sign-in without a person. */
export const KNOWN_CLIENT = { client_id: 'known', client_secret: 'secret-of-the-known-client' };

export interface GuardedServer {
  url: string;
  issuer: string;
  refreshes: { ok: number; failed: number };
  revocations: number;
  /** `away`: 503; `unheard`: no response and nothing done; `lost`: tokens were issued, but the response is lost. */
  tokens: 'answered' | 'away' | 'unheard' | 'lost';
  /** Counts token requests, whatever their result. */
  asked: number;
  /** The MCP server rejects every access token issued so far. */
  expireTokens(): void;
  close(): Promise<void>;
}

/** Starts both on ports of 127.0.0.1. */
export async function startGuardedServer(): Promise<GuardedServer> {
  const authorization = createServer();
  const issuer = await listenOnLoopback(authorization);
  const mcp = createServer();
  const url = `${await listenOnLoopback(mcp)}/mcp`;

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
      await Promise.all([authorization, mcp].map(endServer));
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

  const verify = async (token: string) => {
    const found = (await provider.AccessToken.find(token)) ?? (await provider.ClientCredentials.find(token));
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
  };
  const app = createGuardedMcp({ url, issuer, verify });
  mcp.on('request', (request, response) => void app(request, response));
  return guarded;
}

function createProvider(issuer: string, resource: string): Provider {
  return new Provider(issuer, {
    findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    scopes: ['openid', 'offline_access', ...SCOPES.larger.split(' ')],
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
          return { scope: SCOPES.larger, audience: asked, accessTokenFormat: 'opaque', accessTokenTTL: 3600 };
        },
      },
    },
  });
}
