/** Turns the JSON of a server into messages that the SDK can match with its requests. */
import { normalizeMessage, type SentRequest } from './normalize-message.ts';

type Json = Record<string, unknown>;
type RequestId = SentRequest['id'];

/** The requests that the messages of one HTTP response may answer. */
export interface Expected {
  /** The request that was POSTed; null for a stream that belongs to no request. */
  own: SentRequest | null;
  /** Any open request by the id of its response, which may be a number written as text. */
  find: (id: RequestId) => SentRequest | null;
}

/**
 * Splits batches, restores ids as they were sent, and normalizes each message.
 * @param isWhole whether the JSON is the whole response to `own`: then a single response with an unknown id answers it
 * @returns the messages; unchanged ones are the same objects
 */
export function readMessages(json: unknown, expected: Expected, isWhole: boolean): unknown[] {
  const raw: unknown[] = Array.isArray(json) ? json : [json];
  const isOnly = isWhole && raw.length === 1;
  return raw.map((message) => {
    if (!isResponse(message)) return normalizeMessage(message, null);
    const request = requestOf(message, expected, isOnly);
    const isAsSent = request === null || message.id === request.id;
    return normalizeMessage(isAsSent ? message : { ...message, id: request.id }, request);
  });
}

/** The request that a message which `readMessages` returned responds to; null without one. */
export function answeredRequest(message: unknown, { own, find }: Expected): SentRequest | null {
  if (!isResponse(message)) return null;
  const { id } = message;
  if (own && id === own.id) return own;
  return typeof id === 'string' || typeof id === 'number' ? find(id) : null;
}

/** Whether one of these messages is the response to a request. */
export function hasResponseTo(messages: unknown[], { id }: SentRequest): boolean {
  return messages.some((message) => isResponse(message) && message.id === id);
}

/** Whether this looks like a JSON-RPC message, also where a strict schema would not let it through. */
export function isMessage(value: unknown): value is Json {
  return isObject(value) && ('method' in value || isResponse(value));
}

/** The error of a JSON-RPC response; null for anything else. */
export function errorOf(message: unknown): Json | null {
  return isResponse(message) && isObject(message.error) ? message.error : null;
}

/** An error may be a text where the envelope shows that it is one. */
function isResponse(value: unknown): value is Json {
  if (!isObject(value)) return false;
  const { result, error } = value;
  if ('method' in value) return isObject(result) || isObject(error);
  const isText = typeof error === 'string' && error !== '' && ('jsonrpc' in value || 'id' in value);
  return 'result' in value || isObject(error) || isText;
}

function requestOf(message: Json, { own, find }: Expected, isOnly: boolean): SentRequest | null {
  const { id } = message;
  if (typeof id === 'string' || typeof id === 'number') {
    if (own && isSameId(id, own.id)) return own;
    return find(id) ?? (isOnly && isObject(message.error) ? own : null);
  }
  // Some servers don't send the id back, above all with errors.
  return isOnly || isObject(message.error) || 'jsonrpc' in message ? own : null;
}

/** As the SDK compares ids: a number may come back as text. */
export function isSameId(received: RequestId, sent: RequestId): boolean {
  return received === sent || (typeof sent === 'number' && received !== '' && Number(received) === sent);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
