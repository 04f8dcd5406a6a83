/** A server of the era of sessions whose HTTP is written out: it can send what no SDK would. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { listen, readJson, type TestServer } from './listen.ts';

export interface ScriptedRequest {
  http: IncomingMessage;
  response: ServerResponse;
  /** `initialize`, `tools/call`, ...; `GET` and `DELETE` for what has no body. */
  what: string;
  id: string | number | undefined;
  params: Record<string, unknown>;
  /** Sends a body as it is; an object as JSON. */
  send: (status: number, body: unknown, headers?: OutgoingHttpHeaders) => void;
  /** The JSON-RPC responses to this request, not sent yet. */
  result: (result: Record<string, unknown>) => Record<string, unknown>;
  error: (code: number, message: string, data?: unknown) => Record<string, unknown>;
}

export interface ScriptedServer extends TestServer {
  /** Requests by what they are. */
  seen: Record<string, number>;
  /** The headers of each request, by what it is. */
  headers: (what: string) => IncomingMessage['headers'][];
}

export const SESSION_ID = 'session-0001';
const TOOLS = [
  { name: 'echo', inputSchema: { type: 'object' } },
  { name: 'other', inputSchema: { type: 'object' } },
];

/**
 * @param script answers a request and returns true, or leaves it to the well-behaved part: two tools, `echo` and
 * `other`, no stream of its own
 */
export async function startScriptedServer(
  script: (request: ScriptedRequest) => boolean,
): Promise<ScriptedServer> {
  const seen: Record<string, number> = {};
  const headers: [string, IncomingMessage['headers']][] = [];
  const answer = async (http: IncomingMessage, response: ServerResponse) => {
    const message = ((await readJson(http)) ?? {}) as Record<string, unknown>;
    const what = typeof message.method === 'string' ? message.method : (http.method ?? '');
    seen[what] = (seen[what] ?? 0) + 1;
    headers.push([what, http.headers]);
    const request = requestOf(http, response, what, message);
    if (!script(request)) behave(request);
  };
  const server = await listen((http, response) => {
    answer(http, response).catch(() => response.destroy());
  });
  return {
    ...server,
    seen,
    headers: (what) => headers.filter(([name]) => name === what).map(([, one]) => one),
  };
}

/** Answers `initialize` with these capabilities. */
export function hello({ send, result }: ScriptedRequest, capabilities: object): void {
  const serverInfo = { name: 'scripted', version: '1' };
  const answer = result({ protocolVersion: '2025-06-18', capabilities, serverInfo });
  send(200, answer, { 'mcp-session-id': SESSION_ID });
}

/** Opens a stream on which nothing is said yet. */
export function openStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
}

function requestOf(
  http: IncomingMessage,
  response: ServerResponse,
  what: string,
  message: Record<string, unknown>,
): ScriptedRequest {
  const id = message.id as string | number | undefined;
  const envelope = { jsonrpc: '2.0', id: id ?? null };
  return {
    http,
    response,
    what,
    id,
    params: (message.params ?? {}) as Record<string, unknown>,
    send: (status, body, more = {}) => {
      const isRaw = typeof body === 'string' || body instanceof Uint8Array;
      response.writeHead(status, { 'content-type': 'application/json', ...more });
      response.end(isRaw ? body : JSON.stringify(body));
    },
    result: (result) => ({ ...envelope, result }),
    error: (code, text, data) => ({ ...envelope, error: { code, message: text, data } }),
  };
}

function behave(request: ScriptedRequest): void {
  const { what, id, params, send, result, error, response } = request;
  if (what === 'GET') send(405, '');
  else if (what === 'DELETE') send(200, '');
  else if (what === 'initialize') hello(request, { tools: {} });
  else if (id === undefined) response.writeHead(202).end();
  else if (what === 'ping') send(200, result({}));
  else if (what === 'tools/list') send(200, result({ tools: TOOLS }));
  else if (what === 'tools/call')
    send(200, result({ content: [{ type: 'text', text: `${String(params.name)} ran` }] }));
  else send(200, error(-32_601, 'Method not found'));
}
