/** An MCP server that is its own authorization server, each of whose answers a test may replace. */
import { listen } from './listen.ts';

/** What the site was asked. */
interface Asked {
  method: string;
  /** Without the query. */
  path: string;
  query: URLSearchParams;
  authorization: string | null;
  /** The body: a form, or JSON. */
  text: string;
}

export interface Reply {
  status?: number;
  /** Text is sent as it is, all else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
}

export interface SignInSite {
  origin: string;
  url: string;
  asked: Asked[];
  /** How often a path was asked. */
  count(path: string): number;
  stop(): Promise<void>;
}

/** By path; `null`: the answer of a server that has nothing there. */
export type Replies = Record<string, ((asked: Asked, origin: string) => Reply) | null>;

const usual: Replies = {
  '/mcp': (_asked, origin) => ({
    status: 401,
    headers: {
      'www-authenticate': `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`,
    },
  }),
  '/.well-known/oauth-protected-resource/mcp': (_asked, origin) => ({
    body: { resource: `${origin}/mcp`, authorization_servers: [origin] },
  }),
  '/.well-known/oauth-authorization-server': (_asked, origin) => ({ body: metadataOf(origin) }),
  '/register': ({ text }) => ({
    status: 201,
    body: { ...(JSON.parse(text) as object), client_id: 'client' },
  }),
  '/token': () => ({ body: { access_token: 'access', token_type: 'Bearer', expires_in: 3600 } }),
};

export const metadataOf = (origin: string) => ({
  issuer: origin,
  authorization_endpoint: `${origin}/authorize`,
  token_endpoint: `${origin}/token`,
  registration_endpoint: `${origin}/register`,
  response_types_supported: ['code'],
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['none'],
});

export async function startSignInSite(changed: Replies = {}): Promise<SignInSite> {
  const replies = { ...usual, ...changed };
  const asked: Asked[] = [];
  const server = await listen((request, response) => {
    let text = '';
    request.on('data', (piece) => (text += String(piece)));
    request.on('end', () => {
      const { pathname: path, searchParams: query } = new URL(request.url ?? '/', origin);
      const { method = '', headers } = request;
      const one = { method, path, query, authorization: headers.authorization ?? null, text };
      asked.push(one);
      const reply = replies[path]?.(one, origin) ?? { status: 404, body: {} };
      const { status = 200, body = {} } = reply;
      const isText = typeof body === 'string';
      response.writeHead(status, {
        'content-type': isText ? 'text/html' : 'application/json',
        ...reply.headers,
      });
      response.end(isText ? body : JSON.stringify(body));
    });
  });
  const { origin } = new URL(server.url);
  const count = (path: string) => asked.filter((one) => one.path === path).length;
  return { origin, url: server.url, asked, count, stop: () => server.stop() };
}
