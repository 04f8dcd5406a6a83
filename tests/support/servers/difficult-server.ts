// An MCP server with its own authorization server that forgets clients, asks for one scope after another, claims another
// issuer and refuses one tool. Every user is signed in.
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { noteIssued } from './issued.ts';
import { endServer, listenOnLoopback } from './listen.ts';

export interface DifficultServer {
  origin: string;
  url: string;
  /** The origin, unless a test changes it. */
  issuer: string;
  /** By method. A token with less gets 403, which names only the missing scopes. */
  scopes: Record<string, string>;
  /** Of each authorization request, in order. */
  asked: string[];
  registrations: number;
  tokenRequests: number;
  forgetClients(): void;
  close(): Promise<void>;
}

/** Refused to everybody, with any token. */
export const CLOSED_TOOL = 'closed';
const REFUSAL = 'This tool needs a paid plan';

type Answer = { status?: number; body?: unknown; headers?: Record<string, string> };

export async function startDifficultServer(): Promise<DifficultServer> {
  const http = createServer();
  const origin = await listenOnLoopback(http);
  const clients = new Set<string>();
  const scopesOf = new Map<string, string[]>();
  const difficult: DifficultServer = {
    origin,
    url: `${origin}/mcp`,
    issuer: origin,
    scopes: {},
    asked: [],
    registrations: 0,
    tokenRequests: 0,
    forgetClients: () => clients.clear(),
    close: () => endServer(http),
  };

  const paths: Record<string, (url: URL, body: string, request: IncomingMessage) => Answer> = {
    '/.well-known/oauth-protected-resource/mcp': () => ({
      body: { resource: difficult.url, authorization_servers: [origin] },
    }),
    '/.well-known/oauth-authorization-server': () => ({
      body: {
        issuer: difficult.issuer,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        registration_endpoint: `${origin}/register`,
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['none'],
      },
    }),
    '/register': (_url, body) => {
      difficult.registrations += 1;
      const client_id = `client-${difficult.registrations}`;
      clients.add(client_id);
      return { status: 201, body: { ...(JSON.parse(body) as object), client_id } };
    },
    '/authorize': ({ searchParams }) => {
      if (!clients.has(searchParams.get('client_id') ?? ''))
        return { status: 422, body: { message: 'Unrecognized client_id' } };
      const scope = searchParams.get('scope') ?? '';
      difficult.asked.push(scope);
      const back = new URL(searchParams.get('redirect_uri') ?? '');
      back.searchParams.set('code', `${difficult.asked.length - 1}`);
      back.searchParams.set('state', searchParams.get('state') ?? '');
      return { status: 302, headers: { location: back.href } };
    },
    '/token': (_url, body) => {
      difficult.tokenRequests += 1;
      const scope = difficult.asked[Number(new URLSearchParams(body).get('code') ?? 0)] ?? '';
      const [access_token, refresh_token] = [newSecret('an access token'), newSecret('a refresh token')];
      scopesOf.set(access_token, scope.split(' '));
      return { body: { access_token, refresh_token, token_type: 'Bearer', expires_in: 3600, scope } };
    },
    '/mcp': (_url, body, { headers }) => {
      const granted = scopesOf.get(headers.authorization?.replace(/^Bearer /, '') ?? '');
      const challenge = (words: string) => ({ 'www-authenticate': `Bearer ${words}` });
      if (!granted) return { status: 401, headers: challenge('scope="init"') };
      return answerMcp(JSON.parse(body || '{}') as Message, granted, difficult.scopes);
    },
  };

  http.on('request', (request, response) => {
    void text(request).then((body) => {
      const url = new URL(request.url ?? '/', origin);
      const {
        status = 200,
        body: answer = {},
        headers,
      } = paths[url.pathname]?.(url, body, request) ?? { status: 404 };
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(answer));
    });
  });
  return difficult;
}

interface Message {
  id?: number | string;
  method?: string;
  params?: { name?: string };
}

/** A legacy-era server without sessions. */
function answerMcp(
  { id, method = '', params }: Message,
  granted: string[],
  scopes: Record<string, string>,
): Answer {
  const needed = scopes[method];
  if (needed !== undefined && !granted.includes(needed)) {
    const words = `Bearer error="insufficient_scope", scope="${needed}"`;
    return { status: 403, headers: { 'www-authenticate': words } };
  }
  if (method === 'tools/call' && params?.name === CLOSED_TOOL)
    return { status: 401, body: { jsonrpc: '2.0', id, error: { code: -32_000, message: REFUSAL } } };
  if (id === undefined) return { status: method === '' ? 405 : 202 };
  const tool = (name: string) => ({ name, inputSchema: { type: 'object' } });
  const capabilities = { tools: {} };
  const results: Record<string, object> = {
    initialize: {
      protocolVersion: '2025-06-18',
      capabilities,
      serverInfo: { name: 'difficult', version: '1' },
    },
    'tools/list': { tools: [tool('open'), tool(CLOSED_TOOL)] },
    'tools/call': { content: [{ type: 'text', text: 'ran' }] },
    ping: {},
  };
  const result = results[method];
  if (result) return { body: { jsonrpc: '2.0', id, result } };
  return { body: { jsonrpc: '2.0', id, error: { code: -32_601, message: 'Method not found' } } };
}

function newSecret(what: 'an access token' | 'a refresh token'): string {
  const secret = randomBytes(20).toString('hex');
  noteIssued(what, secret);
  return secret;
}
