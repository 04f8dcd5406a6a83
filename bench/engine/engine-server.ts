// `node engine-server.ts legacy|modern` sends its address once it listens, answers each message with the counts since the
// last one, and closes unused sockets on `close-idle`.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import { INFO, OFFERS, serveSessions, TOOLS, type Handle } from './session-handler.ts';

export interface Counts {
  calls: number;
  doubled: number;
  sockets: number;
}

const called = new Map<number, number>();

function echo(args: Record<string, unknown> = {}): { content: { type: 'text'; text: string }[] } {
  const n = Number(args['n']);
  called.set(n, (called.get(n) ?? 0) + 1);
  return { content: [{ type: 'text', text: String(n) }] };
}

function serveStateless(): Handle {
  const handler = createMcpHandler(
    () => {
      const server = new Server(INFO, OFFERS);
      server.setRequestHandler('tools/list', () => ({ tools: TOOLS }));
      server.setRequestHandler('tools/call', ({ params }) => echo(params.arguments));
      return server;
    },
    { legacy: 'reject' },
  );
  return async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const answer = await handler.fetch(
      new Request(`http://127.0.0.1${request.url ?? '/'}`, {
        method: request.method ?? 'GET',
        headers: request.headers as Record<string, string>,
        signal: gone.signal,
        ...(body !== '' && { body }),
      }),
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).flushHeaders();
    for await (const chunk of answer.body ?? []) response.write(chunk);
    response.end();
  };
}

const handle = process.argv[2] === 'modern' ? serveStateless() : serveSessions(echo);
const http = createServer(
  (request, response) => void handle(request, response).catch(() => response.destroy()),
);
http.listen(0, '127.0.0.1', () => {
  const { port } = http.address() as AddressInfo;
  process.send?.({ url: `http://127.0.0.1:${port}/mcp` });
});
process.on('message', (message) => {
  if (message === 'close-idle') http.closeIdleConnections();
  http.getConnections((_error, sockets) => {
    const doubled = [...called.values()].filter((times) => times > 1).length;
    const calls = [...called.values()].reduce((sum, times) => sum + times, 0);
    called.clear();
    process.send?.({ calls, doubled, sockets } satisfies Counts);
  });
});
process.on('disconnect', () => process.exit());
