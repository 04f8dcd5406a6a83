/** Loaded with `node --import`, so that HTTP and WebSocket servers accept requests from this machine only. */
import { Server, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { isFromThisMachine, REFUSAL } from './loopback.ts';

const REQUESTS = new Set<unknown>(['request', 'checkContinue', 'checkExpectation']);
const TUNNELS = new Set<unknown>(['upgrade', 'connect']);

type Emit = (this: Server, event: string | symbol, ...args: unknown[]) => boolean;
const { emit } = Server.prototype as unknown as { emit: Emit };

const emitIfLocal: Emit = function (event, ...args) {
  if (REQUESTS.has(event) || TUNNELS.has(event)) {
    const [request, answer] = args as [IncomingMessage, ServerResponse | Duplex];
    const { host, origin } = request.headers;
    if (!isFromThisMachine(host, origin)) {
      if (REQUESTS.has(event)) refuse(answer as ServerResponse);
      else refuseTunnel(answer as Duplex);
      return true;
    }
  }
  return emit.call(this, event, ...args);
};
Object.defineProperty(Server.prototype, 'emit', { value: emitIfLocal, configurable: true, writable: true });

function refuse(response: ServerResponse): void {
  response.writeHead(403, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(REFUSAL);
}

function refuseTunnel(socket: Duplex): void {
  socket.on('error', () => undefined);
  socket.end(
    `HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${REFUSAL.length}\r\n\r\n${REFUSAL}`,
  );
}
