import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { createHearing, type Hearing } from '../speech/hear.ts';
import { prepareFlite } from '../speech/flite.ts';
import { speak } from '../speech/speak.ts';
import type { ServerEvent } from './protocol/events.ts';
import { Faults } from './faults.ts';
import { hearableFrom } from './reply/grammar.ts';
import { answerHandshake } from './protocol/handshake.ts';
import { describeModel } from './protocol/model-catalog.ts';
import { Session } from './session.ts';

export interface RehearsalModel {
  /** For `OPENAI_BASE_URL`: http://127.0.0.1:PORT/v1 */
  url: string;
  port: number;
  faults: Faults;
  /** Includes refused ones. */
  readonly dials: number;
  /** Ends every connection at once, without a close frame. */
  dropConnections(): void;
  close(): Promise<void>;
}

const PING_EVERY_MS = 15_000;

/**
 * Starts the rehearsal model.
 *
 * - `ws /v1/realtime?model=…` with a bearer token (any): the OpenAI Realtime protocol
 * - `GET /v1/sessions`: the state of each live session
 * - `GET /v1/models/{id}`: whether OpenAI has such a model, and its shutdown date
 * - `GET /v1/sentences`: sentences that it recognizes now, of all sessions and of each
 * - `GET /health`
 *
 * @param port 0 for any free port
 * @throws Error with `code` EADDRINUSE if the port is in use
 */
export async function startRehearsalModel({
  port,
  log,
}: {
  port: number;
  log: (line: string) => void;
}): Promise<RehearsalModel> {
  prepareFlite();
  const hearing = await createHearing();
  const sessions = new Set<Session>();
  const http = createServer((request, response) => answer(request, response, sessions));
  const sockets = new WebSocketServer({ noServer: true });
  const faults = new Faults();
  let dials = 0;
  http.on('upgrade', (...handshake) => {
    dials += 1;
    answerHandshake(sockets, handshake, {
      faults,
      onConnection: (ws, model) => serve(ws, model, { hearing, sessions, log, faults }),
    });
  });
  const ticking = setInterval(() => pingAll(sockets), PING_EVERY_MS);
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, '127.0.0.1', resolve);
  });
  void speak('Ready.'); // the first sentence of all is slower
  const actual = (http.address() as AddressInfo).port; // a server on a TCP port has such an address
  return {
    url: `http://127.0.0.1:${actual}/v1`,
    port: actual,
    faults,
    get dials() {
      return dials;
    },
    dropConnections: () => dropAll(sockets),
    async close() {
      clearInterval(ticking);
      dropAll(sockets);
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

function dropAll(sockets: WebSocketServer): void {
  for (const ws of sockets.clients) ws.terminate();
}

let lastId = 0;

function newId(kind: string): string {
  lastId += 1;
  return `${kind}_${Date.now().toString(36)}${lastId.toString(36).padStart(4, '0')}`;
}

interface House {
  hearing: Hearing;
  sessions: Set<Session>;
  log: (line: string) => void;
  faults: Faults;
}

const awaitingPong = new WeakSet<WebSocket>();

function serve(ws: WebSocket, model: string, { hearing, sessions, log, faults }: House): void {
  const send = (event: ServerEvent) => {
    if (ws.readyState === ws.OPEN) ws.send(JSON.stringify({ event_id: newId('event'), ...event }));
  };
  const loseConnection = () => ws.terminate();
  const session = new Session({ model, hearing, send, log, newId, nowMs: Date.now, faults, loseConnection });
  sessions.add(session);
  log(`${session.id} opened for ${model}`);
  ws.on('message', (message, isBinary) => {
    const bytes = bytesOf(message);
    session.receive(isBinary ? bytes : bytes.toString());
  });
  ws.on('pong', () => awaitingPong.delete(ws));
  ws.on('error', (error) => log(`${session.id} connection failed: ${error.message}`));
  ws.on('close', () => {
    session.close();
    sessions.delete(session);
    log(`${session.id} closed`);
  });
}

function bytesOf(message: RawData): Buffer {
  if (Array.isArray(message)) return Buffer.concat(message);
  return message instanceof ArrayBuffer ? Buffer.from(message) : message;
}

function pingAll(sockets: WebSocketServer): void {
  for (const ws of sockets.clients) {
    if (awaitingPong.has(ws)) ws.terminate();
    else {
      awaitingPong.add(ws);
      ws.ping();
    }
  }
}

function answer(request: IncomingMessage, response: ServerResponse, sessions: Set<Session>): void {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const give = (status: number, body: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify(body));
  };
  if (request.method !== 'GET') return give(405, { error: 'only GET' });
  const live = [...sessions];
  switch (pathname) {
    case '/health':
      return give(200, { ok: true, model: 'rehearsal', sessions: live.length });
    case '/v1/sessions':
      return give(
        200,
        live.map((session) => session.facts),
      );
    case '/v1/sentences': {
      const bySession = Object.fromEntries(live.map((session) => [session.id, session.sentences]));
      const all = live.length > 0 ? Object.values(bySession).flat() : hearableFrom([], []).sentences;
      return give(200, { sentences: [...new Set(all)], sessions: bySession });
    }
    default: {
      const [, id] = /^\/v1\/models\/([^/]+)$/.exec(pathname) ?? [];
      if (id === undefined) return give(404, { error: 'not found' });
      const { status, body } = describeModel(decodeURIComponent(id));
      return give(status, body);
    }
  }
}
