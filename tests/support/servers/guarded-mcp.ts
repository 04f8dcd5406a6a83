import type { AuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { isJSONRPCRequest } from '@modelcontextprotocol/sdk/types.js';

/** What the server says that a sign-in gives, and what its second tool wants besides. */
export const SCOPES = { usual: 'tools', larger: 'tools write' };

export interface GuardedMcpOptions {
  url: string;
  issuer: string;
  /** Rejects with InvalidTokenError. */
  verify: (token: string) => Promise<AuthInfo & { person: string }>;
}

const text = (words: string) => ({ content: [{ type: 'text' as const, text: words }] });

/** One tool tells whose token it was called with; the other wants more rights than a first sign-in gives. */
export function createGuardedMcp({ url, issuer, verify }: GuardedMcpOptions) {
  const app = createMcpExpressApp({ host: '127.0.0.1' });
  const document = new URL('/.well-known/oauth-protected-resource/mcp', url).href;
  app.get('/.well-known/oauth-protected-resource/mcp', (_request, response) => {
    response.json({ resource: url, authorization_servers: [issuer], scopes_supported: [SCOPES.usual] });
  });
  const people = new Map<string, string>();
  const verifyAccessToken = async (token: string) => {
    const { person, ...info } = await verify(token);
    people.set(token, person);
    return info;
  };
  const guard = requireBearerAuth({ verifier: { verifyAccessToken }, resourceMetadataUrl: document });
  app.post('/mcp', guard, async (request, response) => {
    const isComment = isJSONRPCRequest(request.body) && request.body.params?.['name'] === 'post_comment';
    if (isComment && !request.auth?.scopes.includes('write')) {
      const challenge = `Bearer error="insufficient_scope", scope="${SCOPES.larger}", resource_metadata="${document}"`;
      response.status(403).header('www-authenticate', challenge).json({ error: 'insufficient_scope' });
      return;
    }
    const server = new McpServer({ name: 'tickets', version: '1.0.0' });
    const annotations = { readOnlyHint: true, openWorldHint: false };
    server.registerTool(
      'who_am_i',
      { description: 'Tells as whom you are signed in.', inputSchema: {}, annotations },
      (_args, { authInfo }) => text(`You are ${people.get(authInfo?.token ?? '') ?? 'nobody'}.`),
    );
    server.registerTool('post_comment', { description: 'Posts a comment.', inputSchema: {} }, () =>
      text('Posted.'),
    );
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    response.on('close', () => void server.close());
    await server.connect(transport);
    await transport.handleRequest(request, response, request.body);
  });
  return app;
}
