/**
 * A server of the era without sessions that holds the headers of each call against its body, as the specification of
 * 2026-07-28 asks for ("Server Validation"). Written by hand: no server SDK does so for tools that are listed raw.
 */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { listen, readJson, type TestServer } from './listen.ts';

const VERSION = '2026-07-28';
const HEADER_MISMATCH = -32_020;
const METHOD_NOT_FOUND = -32_601;

export interface HeaderServerOptions {
  port?: number;
  /** Its list of tools never comes. */
  isListSlow?: boolean;
  /** No headers are good enough. */
  refusesAll?: boolean;
}

export interface HeaderServer extends TestServer {
  tools: ListedTool[];
  /** Headers of each call, in order. */
  headers: IncomingHttpHeaders[];
  /** Names of the tools that were run, in order. */
  ran: string[];
  /** Calls whose headers did not match. */
  refused: number;
}

interface ListedTool {
  name: string;
  inputSchema: Record<string, unknown>;
}

interface Message {
  id?: string | number;
  method?: string;
  params?: { name: string; arguments?: Record<string, unknown> };
}

export async function startHeaderServer(options: HeaderServerOptions = {}): Promise<HeaderServer> {
  const { isListSlow = false, refusesAll = false } = options;

  const answer = (
    { id, method, params }: Message,
    headers: IncomingHttpHeaders,
    response: ServerResponse,
  ) => {
    const send = (status: number, body: object) =>
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id, ...body }));
    const succeed = (result: object) =>
      send(200, { result: { resultType: 'complete', ttlMs: 0, cacheScope: 'private', ...result } });
    if (id === undefined) response.writeHead(202).end();
    else if (method === 'server/discover')
      succeed({ supportedVersions: [VERSION], capabilities: { tools: {} } });
    else if (method === 'tools/list') {
      if (!isListSlow) succeed({ tools: self.tools });
    } else if (method === 'tools/call' && params) {
      self.headers.push(headers);
      const tool = self.tools.find(({ name }) => name === params.name);
      if (refusesAll || !tool || !hasItsHeaders(tool.inputSchema, params.arguments ?? {}, headers)) {
        self.refused += 1;
        send(400, { error: { code: HEADER_MISMATCH, message: 'Header mismatch' } });
        return;
      }
      self.ran.push(tool.name);
      succeed({ content: [{ type: 'text', text: `${tool.name} ran` }] });
    } else send(200, { error: { code: METHOD_NOT_FOUND, message: 'Method not found' } });
  };

  const http = await listen((request, response) => {
    if (request.method !== 'POST') {
      response.writeHead(405).end();
      return;
    }
    readJson(request).then(
      (message) => answer(message as Message, request.headers, response),
      () => response.destroy(),
    );
  }, options.port);
  const self: HeaderServer = { ...http, tools: [], headers: [], ran: [], refused: 0 };
  return self;
}

/** Whether each annotated argument that is present came as a header of the same value, and no other header came. */
function hasItsHeaders(
  schema: Record<string, unknown>,
  args: Record<string, unknown>,
  headers: IncomingHttpHeaders,
): boolean {
  const properties = (schema['properties'] ?? {}) as Record<string, Record<string, unknown>>;
  return Object.entries(properties).every(([name, property]) => {
    const value = args[name];
    if (property['type'] === 'object')
      return hasItsHeaders(property, (value ?? {}) as Record<string, unknown>, headers);
    const header = property['x-mcp-header'];
    if (typeof header !== 'string') return true;
    const sent = headers[`mcp-param-${header.toLowerCase()}`];
    if (value === undefined || value === null) return sent === undefined;
    return typeof sent === 'string' && decoded(sent) === textOf(value);
  });
}

function decoded(value: string): string {
  const base64 = /^=\?base64\?(.*)\?=$/s.exec(value)?.[1];
  return base64 === undefined ? value : Buffer.from(base64, 'base64').toString('utf8');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
