/** Presence and postgres_changes are refused. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Sql } from 'postgres';
import { WebSocketServer, type WebSocket } from 'ws';
import type { ProjectKeys } from '../keys.ts';
import type { Tokens } from '../tokens.ts';
import { mayRead, mayWrite, type Identity } from './authorization.ts';
import { joinChannel, type Channel, type ChannelContext } from './channel.ts';
import { startFeed } from './feed.ts';
import { decodeFrame, encodeFrame, type Frame, type Protocol } from './frames.ts';
import { createTopics } from './topics.ts';

export interface RealtimeOptions {
  server: Server;
  sql: Sql;
  keys: Pick<ProjectKeys, 'publishableKey' | 'secretKey'>;
  tokens: Pick<Tokens, 'verify'>;
  /** How long a connection's API key is valid, like the token from hosted's gateway. Default: an hour. */
  keyTokenSeconds?: number | undefined;
  log: (line: string) => void;
}

export interface Realtime {
  stop(): Promise<void>;
}

/** Clients send a heartbeat every 25 s. */
const IDLE_TIMEOUT_MS = 60_000;
const MAX_FRAME_BYTES = 3 * 1024 * 1024;
/** Hosted keeps delivered messages for days, which a local stack doesn't need. */
const KEEP_MESSAGES = '1 hour';
const CLEAN_UP_EVERY_MS = 600_000;
const KEY_TOKEN_SECONDS = 3_600;

export async function startRealtime(options: RealtimeOptions): Promise<Realtime> {
  const { server, sql, keys, tokens, keyTokenSeconds = KEY_TOKEN_SECONDS, log } = options;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES });
  const topics = createTopics();
  const disconnectAll = (): void => {
    for (const client of sockets.clients) client.terminate();
  };
  const feed = await startFeed(sql, {
    onMessage: ({ id, topic, event, payload, private: isPrivate }) =>
      topics.broadcast(topic, isPrivate, { type: 'broadcast', event, payload, meta: { id } }),
    // Clients that rejoin resync.
    onGap: disconnectAll,
    log,
  });

  async function cleanUp(): Promise<void> {
    await sql`delete from realtime.messages where inserted_at < now() - ${KEEP_MESSAGES}::interval`;
  }
  const cleaning = setInterval(
    () => void cleanUp().catch((error: unknown) => log(`realtime: ${String(error)}`)),
    CLEAN_UP_EVERY_MS,
  ).unref();
  await cleanUp();

  /** Hosted's gateway converts the key to a token when the socket opens, and never renews it. */
  function identityOfKey(key: string | null): Identity | undefined {
    const role = key === keys.secretKey ? 'service_role' : key === keys.publishableKey ? 'anon' : undefined;
    return role && { role, claims: { role, exp: Date.now() / 1000 + keyTokenSeconds } };
  }

  function onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://local');
    if (pathname !== '/realtime/v1/websocket') return refuse(socket, '404 Not Found');
    const identity = identityOfKey(searchParams.get('apikey') ?? singleHeader(request, 'apikey'));
    if (!identity) return refuse(socket, '401 Unauthorized');
    const protocol: Protocol = searchParams.get('vsn') === '2.0.0' ? '2.0.0' : '1.0.0';
    sockets.handleUpgrade(request, socket, head, (client) =>
      serveConnection(
        client,
        protocol,
        {
          topics,
          keyIdentity: identity,
          verify: tokens.verify,
          mayRead: (topic, who) => mayRead(sql, topic, who),
          mayWrite: (topic, who) => mayWrite(sql, topic, who),
          send: (frame) => {
            const data = encodeFrame(frame, protocol);
            if (data !== null && client.readyState === client.OPEN) client.send(data);
          },
          now: Date.now,
        },
        log,
      ),
    );
  }

  server.on('upgrade', onUpgrade);
  return {
    async stop() {
      server.off('upgrade', onUpgrade);
      clearInterval(cleaning);
      disconnectAll();
      await feed.stop();
    },
  };
}

function serveConnection(
  client: WebSocket,
  protocol: Protocol,
  context: ChannelContext,
  log: (line: string) => void,
): void {
  /** A topic still being joined has no channel yet; its frames wait for the join. */
  const channels = new Map<string, Channel>();
  const queues = new Map<string, Promise<void>>();
  const idle = setTimeout(() => client.terminate(), IDLE_TIMEOUT_MS).unref();

  async function receive(frame: Frame): Promise<void> {
    const { topic, joinRef } = frame;
    if (frame.event === 'phx_join') {
      channels.get(topic)?.close();
      const channel = await joinChannel(frame, context, () => {
        if (channels.get(topic)?.joinRef === joinRef) channels.delete(topic);
      });
      if (!channel) return;
      if (client.readyState === client.OPEN) channels.set(topic, channel);
      else channel.close();
      return;
    }
    const channel = channels.get(topic);
    if (channel && (joinRef === null || joinRef === channel.joinRef)) return channel.receive(frame);
    const payload = { status: 'error', response: { reason: 'unmatched topic' } };
    context.send({ joinRef, ref: frame.ref, topic, event: 'phx_reply', payload });
  }

  client.on('message', (data: Buffer, isBinary) => {
    idle.refresh();
    const frame = decodeFrame(data, isBinary, protocol);
    if (!frame) return;
    if (frame.topic === 'phoenix' && frame.event === 'heartbeat') {
      context.send({ ...frame, event: 'phx_reply', payload: { status: 'ok', response: {} } });
      return;
    }
    const queue = (queues.get(frame.topic) ?? Promise.resolve())
      .then(() => receive(frame))
      .catch((error: unknown) => {
        log(`realtime: ${String(error)}`);
        const payload = { status: 'error', response: { reason: 'internal error' } };
        context.send({ ...frame, event: 'phx_reply', payload });
      })
      .finally(() => {
        if (queues.get(frame.topic) === queue) queues.delete(frame.topic);
      });
    queues.set(frame.topic, queue);
  });
  client.on('close', () => {
    clearTimeout(idle);
    for (const channel of [...channels.values()]) channel.close();
  });
  client.on('error', () => client.terminate());
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function singleHeader(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name];
  return typeof value === 'string' ? value : null;
}
