/** A server of the era without sessions (2026-07-28), with its faults at hand. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import { listen, readJson, type SeenMessage } from './listen.ts';
import { keep, pageOf, tool, type FaultServer, type FaultServerOptions } from './session-server.ts';

export async function startStatelessServer(options: FaultServerOptions = {}): Promise<FaultServer> {
  const sockets = new Set<Socket>();
  const streams = new Set<ServerResponse>();

  const handler = createMcpHandler(
    () => {
      const server = new Server(
        { name: 'fixture', version: '1.0.0' },
        { capabilities: { tools: { listChanged: true } } },
      );
      server.setRequestHandler('tools/list', async ({ params }) => {
        await self.beforeList();
        return pageOf(self, options, params?.cursor) as never;
      });
      server.setRequestHandler('tools/call', async ({ params }, { mcpReq }) => {
        self.ran.push(params.name);
        if (params.name === 'hang') {
          await new Promise((resolve) => mcpReq.signal.addEventListener('abort', resolve, { once: true }));
          self.cancelled += 1;
        }
        await self.beforeAnswer(params.name);
        return { content: [{ type: 'text', text: `${params.name} ran` }] };
      });
      return server;
    },
    { legacy: 'reject' },
  );

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    keep(sockets, request.socket);
    const message = await readJson(request);
    const { method } = (message ?? {}) as SeenMessage;
    if (options.intercept?.(request, response, message ?? {})) return;
    if (method === 'subscriptions/listen') {
      streams.add(response);
      response.on('close', () => streams.delete(response));
    }
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const answer = await handler.fetch(
      new Request(`http://127.0.0.1${request.url}`, {
        method: request.method ?? 'GET',
        headers: request.headers as Record<string, string>,
        signal: gone.signal,
        ...(message !== undefined && { body: JSON.stringify(message) }),
      }),
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).flushHeaders();
    for await (const chunk of answer.body ?? []) response.write(chunk);
    response.end();
  };

  const http = await listen((request, response) => {
    handle(request, response).catch(() => response.destroy());
  }, options.port);
  const self: FaultServer = {
    ...http,
    stop: async () => {
      await http.stop();
      await handler.close();
    },
    tools: [tool('echo'), tool('hang')],
    pages: 0,
    ran: [],
    cancelled: 0,
    beforeList: () => Promise.resolve(),
    beforeAnswer: () => {},
    announceTools: () => Promise.resolve(handler.notify.toolsChanged()),
    openStreams: () => streams.size,
    cutSockets: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
  return self;
}
