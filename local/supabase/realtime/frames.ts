// Phoenix channel frames as Supabase Realtime speaks them.
// vsn 1.0.0: text, `{ topic, event, payload, ref, join_ref }`; 2.0.0: text, `[join_ref, ref, topic, event, payload]`.
// Binary from a client, kind 3: sizes of join_ref, ref, topic, event, metadata; encoding (0 bytes, 1 JSON), then each.
// Binary to a client, kind 4: sizes of topic, event, metadata; encoding, then each.
import { z } from 'zod';

export type Protocol = '1.0.0' | '2.0.0';

export interface Frame {
  joinRef: string | null;
  ref: string | null;
  topic: string;
  event: string;
  payload: unknown;
}

const Ref = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((ref) => (ref == null ? null : String(ref)));
const ObjectFrame = z.object({
  topic: z.string(),
  event: z.string(),
  payload: z.unknown(),
  ref: Ref,
  join_ref: Ref,
});
const ArrayFrame = z.tuple([Ref, Ref, z.string(), z.string(), z.unknown()]);

const KIND_CLIENT_BROADCAST = 3;
const KIND_SERVER_BROADCAST = 4;
const ENCODING_BYTES = 0;

/** Returns null for anything else than a frame of this protocol. */
export function decodeFrame(data: Buffer, isBinary: boolean, protocol: Protocol): Frame | null {
  if (isBinary) return protocol === '2.0.0' ? decodeClientBroadcast(data) : null;
  let json: unknown;
  try {
    json = JSON.parse(data.toString('utf8'));
  } catch {
    return null;
  }
  if (protocol === '1.0.0') {
    const { data: frame } = ObjectFrame.safeParse(json);
    if (!frame) return null;
    return {
      joinRef: frame.join_ref,
      ref: frame.ref,
      topic: frame.topic,
      event: frame.event,
      payload: frame.payload,
    };
  }
  const { data: frame } = ArrayFrame.safeParse(json);
  if (!frame) return null;
  const [joinRef, ref, topic, event, payload] = frame;
  return { joinRef, ref, topic, event, payload };
}

/** A broadcast of bytes becomes a binary frame (null if the protocol version has none); all else is text. */
export function encodeFrame(frame: Frame, protocol: Protocol): string | Buffer | null {
  const { joinRef, ref, topic, event, payload } = frame;
  const bytes = bytesOf(payload);
  if (bytes) return protocol === '2.0.0' ? encodeServerBroadcast(topic, bytes.event, bytes.payload) : null;
  return JSON.stringify(
    protocol === '1.0.0'
      ? { topic, event, payload, ref, join_ref: joinRef }
      : [joinRef, ref, topic, event, payload],
  );
}

function decodeClientBroadcast(data: Buffer): Frame | null {
  const [kind, joinRefSize, refSize, topicSize, eventSize, metadataSize, encoding] = data;
  if (kind !== KIND_CLIENT_BROADCAST || encoding === undefined) return null;
  let offset = 7;
  const take = (size = 0): Buffer => data.subarray(offset, (offset += size));
  const joinRef = take(joinRefSize).toString();
  const ref = take(refSize).toString();
  const topic = take(topicSize).toString();
  const event = take(eventSize).toString();
  take(metadataSize);
  if (offset > data.length) return null;
  const body = data.subarray(offset);
  let payload: unknown = body;
  if (encoding !== ENCODING_BYTES) {
    try {
      payload = JSON.parse(body.toString('utf8'));
    } catch {
      return null;
    }
  }
  return {
    joinRef: joinRef || null,
    ref: ref || null,
    topic,
    event: 'broadcast',
    payload: { type: 'broadcast', event, payload },
  };
}

function bytesOf(payload: unknown): { event: string; payload: Buffer } | undefined {
  const { event, payload: inner } = (payload ?? {}) as { event?: unknown; payload?: unknown };
  return Buffer.isBuffer(inner) && typeof event === 'string' ? { event, payload: inner } : undefined;
}

function encodeServerBroadcast(topic: string, event: string, payload: Buffer): Buffer {
  const [topicBytes, eventBytes] = [Buffer.from(topic), Buffer.from(event)];
  const header = Buffer.from([
    KIND_SERVER_BROADCAST,
    topicBytes.length,
    eventBytes.length,
    0,
    ENCODING_BYTES,
  ]);
  return Buffer.concat([header, topicBytes, eventBytes, payload]);
}
