import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  CallToolRequestSchema,
  ListToolsRequestSchema,
  type CallToolResult,
} from '@modelcontextprotocol/sdk/types.js';

export type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;
export type Call = (args: Record<string, unknown> | undefined) => CallToolResult;

export const INFO = { name: 'bench', version: '1.0.0' };
export const OFFERS = { capabilities: { tools: { listChanged: true } } };
export const TOOLS = Array.from({ length: 10 }, (_, index) => ({
  name: index === 0 ? 'echo' : `tool-${index}`,
  description: 'Answers with the number that it was called with.',
  inputSchema: { type: 'object' as const, properties: { n: { type: 'number' } }, required: ['n'] },
}));

/** @param onSession called for each session that begins */
export function serveSessions(call: Call, onSession: () => void = () => undefined): Handle {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  return async (request, response) => {
    const known = sessions.get(String(request.headers['mcp-session-id']));
    if (known) return known.handleRequest(request, response);
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => {
        sessions.set(id, transport);
        onSession();
      },
      onsessionclosed: (id) => void sessions.delete(id),
    });
    const server = new Server(INFO, OFFERS);
    server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: TOOLS }));
    server.setRequestHandler(CallToolRequestSchema, ({ params }) => call(params.arguments));
    await server.connect(transport);
    await transport.handleRequest(request, response);
  };
}
