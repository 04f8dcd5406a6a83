// As observed on the real service, a refused key or model is not an HTTP error: the handshake succeeds, and an `error` event
// and the close are in the same packet as its response.
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket, WebSocketServer } from 'ws';
import { API_ERRORS, closeReason, type ApiError } from './api-errors.ts';
import type { Faults } from '../faults.ts';
import { isRealtimeModel } from './model-traits.ts';

const PATH = '/v1/realtime';
/** Long enough for a client to read the handshake's response. */
const OWN_PACKET_AFTER_MS = 50;

interface Refusal {
  code: number;
  error?: ApiError;
  inOwnPacket?: boolean;
}

/**
 * Answers the handshake of a client.
 *
 * @param onConnection gets the socket of a client that was let in, and its model
 */
export function answerHandshake(
  sockets: WebSocketServer,
  [request, socket, head]: [IncomingMessage, Duplex, Buffer],
  { faults, onConnection }: { faults: Faults; onConnection: (ws: WebSocket, model: string) => void },
): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  if (pathname !== PATH) return refuseWithHttp(socket, 404);
  const broken = faults.take('handshake_refused', 'connection_closed');
  if (broken?.kind === 'handshake_refused') return refuseWithHttp(socket, broken.status, broken.error);
  const model = searchParams.get('model') ?? '';
  const refusal = broken ?? refusalOf(request, model);
  const isOnePacket = refusal !== undefined && !refusal.inOwnPacket;
  if (isOnePacket) socket.cork();
  sockets.handleUpgrade(request, socket, head, (ws) => {
    if (!refusal) onConnection(ws, model);
    else if (isOnePacket) closeAtOnce(ws, refusal);
    else setTimeout(closeAtOnce, OWN_PACKET_AFTER_MS, ws, refusal);
  });
  if (isOnePacket) socket.uncork();
}

function refusalOf({ headers }: IncomingMessage, model: string): Refusal | undefined {
  if (!/^Bearer \S/.test(headers.authorization ?? ''))
    return { code: 3000, error: API_ERRORS.missing_api_key };
  if (!model) return { code: 4000, error: API_ERRORS.missing_model };
  if (isRealtimeModel(model)) return undefined;
  const message = `Model "${model}" is not supported in realtime mode.`;
  return { code: 4000, error: { ...API_ERRORS.invalid_model, message } };
}

function closeAtOnce(ws: WebSocket, { code, error }: Refusal): void {
  ws.on('error', () => undefined); // the client may be gone before it reads this
  if (error) {
    const event = {
      type: 'error',
      event_id: 'event_refused',
      error: { ...error, param: null, event_id: null },
    };
    ws.send(JSON.stringify(event));
  }
  ws.close(code, error && closeReason(error));
}

function refuseWithHttp(socket: Duplex, status: number, error?: ApiError): void {
  const body = error ? JSON.stringify({ error: { ...error, param: null } }) : '';
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}
