/** A server of the era of sessions, on the SDK that most servers use, with its faults at hand. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { listen, readJson, type Intercept, type TestServer } from './listen.ts';

/** What fault servers of both eras have in common. */
export interface FaultServerOptions {
  port?: number;
  intercept?: Intercept;
  pageSize?: number;
  /** The list of tools never comes to its end. */
  isEndless?: boolean;
}

export interface SessionServerOptions extends FaultServerOptions {
  /** What a request with an unknown session gets. */
  lostStatus?: 404 | 400;
  /** Answers in plain JSON, and has no stream. */
  isPlain?: boolean;
}

export interface FaultServer extends TestServer {
  /** Raw elements of the list of tools. */
  tools: unknown[];
  /** Pages of the list that were asked for. */
  pages: number;
  /** Names of the tools that were really run, in order. */
  ran: string[];
  /** Calls of `hang` that the client took back. */
  cancelled: number;
  beforeList: () => Promise<void>;
  /** Runs before each call is answered. */
  beforeAnswer: (tool: string) => Promise<void> | void;
  announceTools(): Promise<void>;
  /** Streams on which the server speaks unasked. */
  openStreams(): number;
  /** Cuts every socket, in the middle of whatever it does. */
  cutSockets(): void;
}

export interface SessionServer extends FaultServer {
  sessions: number;
  /** Sessions that a client ended by DELETE. */
  goodbyes: number;
  forgetSessions(): void;
  cutStreams(): void;
}

export const tool = (name: string) => ({
  name,
  description: `Does ${name}.`,
  inputSchema: { type: 'object' },
});

/** Remembers a socket for as long as it is open. */
export function keep(sockets: Set<Socket>, socket: Socket): void {
  if (!sockets.has(socket)) socket.once('close', () => sockets.delete(socket));
  sockets.add(socket);
}

/** As the SDK answers (404), and as most servers that are built on it do (400). */
function refuseSession(response: ServerResponse, status: 404 | 400): void {
  const message = status === 404 ? 'Session not found' : 'Bad Request: No valid session ID provided';
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', error: { code: -32_000, message }, id: null }));
}

/** The page of the tools that a cursor asks for. */
export function pageOf(server: FaultServer, { pageSize, isEndless }: FaultServerOptions, cursor?: string) {
  server.pages += 1;
  if (isEndless) return { tools: [tool(`tool-${server.pages}`)], nextCursor: String(server.pages) };
  const from = Number(cursor ?? 0);
  const size = pageSize ?? server.tools.length;
  const nextCursor = from + size < server.tools.length ? { nextCursor: String(from + size) } : {};
  return { tools: server.tools.slice(from, from + size), ...nextCursor };
}

export async function startSessionServer(options: SessionServerOptions = {}): Promise<SessionServer> {
  const sessions = new Map<string, { transport: StreamableHTTPServerTransport; server: Server }>();
  const streams = new Set<ServerResponse>();
  const sockets = new Set<Socket>();

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    keep(sockets, request.socket);
    const message = await readJson(request);
    if (options.intercept?.(request, response, message ?? {})) return;
    const id = request.headers['mcp-session-id'];
    if (request.method === 'GET' && options.isPlain) {
      response.writeHead(405).end();
      return;
    }
    if (request.method === 'GET') {
      streams.add(response);
      response.on('close', () => streams.delete(response));
    }
    if (request.method === 'DELETE') {
      self.goodbyes += 1;
      response.once('finish', () => sessions.delete(String(id)));
    }
    if (typeof id === 'string') {
      const session = sessions.get(id);
      if (session) await session.transport.handleRequest(request, response, message);
      else refuseSession(response, options.lostStatus ?? 404);
      return;
    }
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      enableJsonResponse: options.isPlain ?? false,
      onsessioninitialized: (newId) => {
        sessions.set(newId, { transport, server });
        self.sessions += 1;
      },
    });
    const server = createServer();
    await server.connect(transport);
    await transport.handleRequest(request, response, message);
  };

  const createServer = () => {
    const server = new Server(
      { name: 'fixture', version: '1.0.0' },
      { capabilities: { tools: { listChanged: true } } },
    );
    server.setRequestHandler(ListToolsRequestSchema, async ({ params }) => {
      await self.beforeList();
      return pageOf(self, options, params?.cursor);
    });
    server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
      self.ran.push(params.name);
      if (params.name === 'hang') {
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        self.cancelled += 1;
      }
      await self.beforeAnswer(params.name);
      return { content: [{ type: 'text', text: `${params.name} ran` }] };
    });
    return server;
  };

  const http = await listen((request, response) => void handle(request, response), options.port);
  const self: SessionServer = {
    ...http,
    tools: [tool('echo'), tool('hang')],
    pages: 0,
    ran: [],
    cancelled: 0,
    sessions: 0,
    goodbyes: 0,
    beforeList: () => Promise.resolve(),
    beforeAnswer: () => {},
    forgetSessions: () => sessions.clear(),
    announceTools: async () => {
      await Promise.all([...sessions.values()].map(({ server }) => server.sendToolListChanged()));
    },
    openStreams: () => streams.size,
    cutSockets: () => {
      for (const socket of sockets) socket.destroy();
    },
    cutStreams: () => {
      for (const stream of streams) stream.destroy();
    },
  };
  return self;
}
