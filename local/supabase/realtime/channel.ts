import type { JWTPayload } from 'jose';
import { z } from 'zod';
import type { Identity } from './authorization.ts';
import type { Frame } from './frames.ts';
import type { Subscriber, Topics } from './topics.ts';

export interface ChannelContext {
  topics: Topics;
  keyIdentity: Identity;
  verify(token: string): Promise<JWTPayload | null>;
  mayRead(topic: string, identity: Identity): Promise<boolean>;
  mayWrite(topic: string, identity: Identity): Promise<boolean>;
  send(frame: Frame): void;
  now(): number;
}

export interface Channel {
  joinRef: string | null;
  receive(frame: Frame): Promise<void>;
  close(): void;
}

const PREFIX = 'realtime:';
const MAX_TIMER_MS = 2_147_483_647;

const JoinPayload = z.object({
  config: z
    .object({
      private: z.boolean().default(false),
      broadcast: z.object({ ack: z.boolean().default(false), self: z.boolean().default(false) }).prefault({}),
      postgres_changes: z.array(z.unknown()).default([]),
    })
    .prefault({}),
  access_token: z.string().nullish(),
});
const TokenPayload = z.object({ access_token: z.string().nullable() });
const Broadcast = z.object({ event: z.string(), payload: z.unknown() });

/**
 * Answers a `phx_join`.
 * @returns the joined channel, or null if it was refused with a reply
 */
export async function joinChannel(
  join: Frame,
  context: ChannelContext,
  onEnd: () => void,
): Promise<Channel | null> {
  const reply = (frame: Frame, status: 'ok' | 'error', response: unknown): void =>
    context.send({
      joinRef: join.joinRef,
      ref: frame.ref,
      topic: join.topic,
      event: 'phx_reply',
      payload: { status, response },
    });
  const refuse = (reason: string): null => {
    reply(join, 'error', { reason });
    return null;
  };

  const { data: options } = JoinPayload.safeParse(join.payload ?? {});
  const topic = join.topic.startsWith(PREFIX) ? join.topic.slice(PREFIX.length) : '';
  if (!options || topic === '') return refuse('MalformedJoin: the topic or the configuration is not valid');
  const { config } = options;
  if (config.postgres_changes.length > 0) {
    return refuse(
      'postgres_changes are not available in the embedded Supabase: send broadcasts from the database',
    );
  }
  let identity = await identify(options.access_token, context);
  if (!identity) return refuse('InvalidJWTToken: the access token is not valid, or has expired');
  if (config.private && !(await context.mayRead(topic, identity))) return refuse(unauthorized(topic));

  const subscriber: Subscriber = { channelTopic: join.topic, send: (frame) => context.send(frame) };
  let canWrite: Promise<boolean> | undefined;
  let expiry: NodeJS.Timeout | undefined;
  let isOpen = true;

  function close(): void {
    if (!isOpen) return;
    isOpen = false;
    clearTimeout(expiry);
    context.topics.remove(topic, config.private, subscriber);
    context.send({
      joinRef: join.joinRef,
      ref: join.joinRef,
      topic: join.topic,
      event: 'phx_close',
      payload: {},
    });
    onEnd();
  }

  function closeBecause(message: string): void {
    if (!isOpen) return;
    const payload = { status: 'error', message, extension: 'system', channel: topic };
    context.send({ joinRef: join.joinRef, ref: null, topic: join.topic, event: 'system', payload });
    close();
  }

  function watchExpiry({ claims }: Identity): void {
    clearTimeout(expiry);
    if (claims.exp === undefined) return;
    const remainingMs = Math.min(claims.exp * 1000 - context.now(), MAX_TIMER_MS);
    expiry = setTimeout(() => closeBecause('Token has expired'), remainingMs).unref();
  }

  async function changeToken(token: string | null): Promise<void> {
    const next = await identify(token, context);
    if (!next) return closeBecause('InvalidJWTToken: the access token is not valid, or has expired');
    const isAllowed = !config.private || (await context.mayRead(topic, next));
    if (!isOpen) return;
    if (!isAllowed) return closeBecause(unauthorized(topic));
    identity = next;
    canWrite = undefined;
    watchExpiry(next);
  }

  async function broadcast(frame: Frame, sender: Identity): Promise<void> {
    const { data: message } = Broadcast.safeParse(frame.payload);
    if (!message) return reply(frame, 'error', { reason: 'MalformedBroadcast: an event is missing' });
    if (config.private) {
      canWrite ??= context.mayWrite(topic, sender);
      if (!(await canWrite)) {
        return reply(frame, 'error', {
          reason: 'Unauthorized: You do not have permissions to write to this Channel topic',
        });
      }
    }
    const payload = { type: 'broadcast' as const, event: message.event, payload: message.payload };
    context.topics.broadcast(topic, config.private, payload, config.broadcast.self ? undefined : subscriber);
    if (config.broadcast.ack) reply(frame, 'ok', {});
  }

  context.topics.add(topic, config.private, subscriber);
  watchExpiry(identity);
  reply(join, 'ok', { postgres_changes: [] });

  return {
    joinRef: join.joinRef,
    close,
    async receive(frame) {
      if (!isOpen || !identity) return;
      if (frame.event === 'phx_leave') {
        reply(frame, 'ok', {});
        return close();
      }
      if (frame.event === 'broadcast') return broadcast(frame, identity);
      if (frame.event === 'access_token') {
        const { data } = TokenPayload.safeParse(frame.payload);
        return data && changeToken(data.access_token);
      }
      reply(frame, 'error', { reason: `${frame.event} is not available in the embedded Supabase` });
    },
  };
}

/** A channel without a user's token uses the identity of the connection's key until the gateway's token for it expires. */
async function identify(token: string | null | undefined, context: ChannelContext): Promise<Identity | null> {
  if (!token || token.startsWith('sb_')) {
    const { exp = Infinity } = context.keyIdentity.claims;
    return exp * 1000 > context.now() ? context.keyIdentity : null;
  }
  const claims = await context.verify(token);
  return claims && { role: typeof claims['role'] === 'string' ? claims['role'] : 'anon', claims };
}

function unauthorized(topic: string): string {
  return `Unauthorized: You do not have permissions to read from this Channel topic: ${topic}`;
}
