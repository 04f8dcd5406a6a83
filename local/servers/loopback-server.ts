import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { isFromThisMachine } from '../stack/loopback.ts';

const LOOPBACK = '127.0.0.1';
const SESSION_IDLE_MS = 60 * 60_000;

export interface LoopbackServerOptions {
  /** Port on 127.0.0.1; 0 takes any free one. */
  port: number;
  /** `ended` is called once when the session is over. */
  createSession: () => { mcp: McpServer; ended?: () => void };
  /** Default: accept all. */
  isAuthorized?: (request: IncomingMessage) => boolean;
}

export interface LoopbackServer {
  url: string;
  close(): Promise<void>;
}

interface Session {
  mcp: McpServer;
  transport: StreamableHTTPServerTransport;
  openRequests: number;
  lastUsedAt: number;
}

/**
 * Serves MCP over Streamable HTTP on loopback, with one MCP server per session. A request without a session starts one; an
 * unknown session id gets 404, which makes a client initialize again after a restart.
 * @throws Node's listen error, such as `EADDRINUSE`
 */
export async function startLoopbackServer(options: LoopbackServerOptions): Promise<LoopbackServer> {
  const sessions = new Map<string, Session>();

  async function startSession(): Promise<Session> {
    closeIdleSessions(sessions, Date.now());
    const { mcp, ended } = options.createSession();
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => {
        sessions.set(id, session);
      },
    });
    const session: Session = { mcp, transport, openRequests: 0, lastUsedAt: Date.now() };
    await mcp.connect(transport);
    mcp.server.onclose = () => {
      if (transport.sessionId) sessions.delete(transport.sessionId);
      ended?.();
    };
    return session;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isFromThisMachine(request.headers.host, request.headers.origin))
      return refuse(response, 403, 'Only this machine may call this server.');
    if (new URL(request.url ?? '/', 'http://loopback').pathname !== '/mcp')
      return refuse(response, 404, 'The MCP endpoint is /mcp.');
    if (options.isAuthorized && !options.isAuthorized(request))
      return refuse(response, 401, 'The key is missing or wrong.');
    const id = request.headers['mcp-session-id'];
    const session = id === undefined ? await startSession() : sessions.get(String(id));
    if (!session) return refuse(response, 404, 'This session does not exist.');
    session.openRequests += 1;
    response.once('close', () => {
      session.openRequests -= 1;
      session.lastUsedAt = Date.now();
    });
    await session.transport.handleRequest(request, response);
    // A first request that isn't a valid `initialize` got 400 and started nothing.
    if (session.transport.sessionId === undefined) await session.mcp.close();
  }

  const http = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      console.error('A request failed.', error);
      if (response.headersSent) response.destroy();
      else refuse(response, 500, 'The server made a mistake.');
    });
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(options.port, LOOPBACK, resolve);
  });
  const { port } = http.address() as AddressInfo;

  return {
    url: `http://${LOOPBACK}:${port}/mcp`,
    async close() {
      const stopped = new Promise<void>((resolve) => http.close(() => resolve()));
      await Promise.all([...sessions.values()].map((session) => session.mcp.close()));
      http.closeAllConnections();
      await stopped;
    },
  };
}

/**
 * Runs a demo server as a process: reads PORT, prints one line when ready, exits cleanly on SIGTERM and SIGINT, and exits
 * with code 1 and a message if the port is in use.
 */
export async function runAsProcess(
  name: string,
  defaultPort: number,
  start: (port: number) => Promise<LoopbackServer>,
): Promise<void> {
  const port = Number(process.env.PORT ?? defaultPort);
  try {
    const server = await start(port);
    console.log(`${name}: ${server.url}`);
    const stop = (): void => void server.close().then(() => process.exit(0));
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    console.error(
      taken
        ? `${name}: port ${port} on ${LOOPBACK} is in use. Set PORT to a free one, or stop what uses it.`
        : `${name}: ${error instanceof Error ? error.message : 'could not start'}`,
    );
    process.exit(1);
  }
}

/** Ends sessions of clients that died without a DELETE. */
function closeIdleSessions(sessions: Map<string, Session>, now: number): void {
  for (const session of sessions.values())
    if (session.openRequests === 0 && now - session.lastUsedAt > SESSION_IDLE_MS) void session.mcp.close();
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', error: { code: -32000, message }, id: null }));
}
