/** Reads the response to a POST with an error status: a JSON-RPC error for the request, or why the server rejected it. */
import type { AppError } from '../../contract/errors.ts';
import { readAnswer, type Listener } from '../messages/answers.ts';
import { isJsonObject } from '../../contract/json/json-object.ts';
import { decodeText, mediaTypeOf } from './body-text.ts';
import { errorOf, hasResponseTo, readMessages, type Expected } from '../messages/incoming-messages.ts';
import type { SentRequest } from '../messages/normalize-message.ts';
import { oneLine, reasonOf } from '../messages/reason.ts';
import { isSessionRefusal, refusalError, saidError, type Refusal } from '../messages/refusal.ts';

/** Limits for reading the body of an error. */
const MAX_BODY_BYTES = 1024 * 1024;
const MAX_BODY_MS = 2_000;
/** Statuses that concern the credential of the whole server, except in response to a single tool call. */
const OF_CREDENTIAL: ReadonlySet<number> = new Set([401, 403]);
/** Responses of servers with the old transport to a handshake by POST; some add a JSON-RPC error. */
const NO_POST: ReadonlySet<number> = new Set([404, 405, 410]);

export interface RefusedAnswer {
  status: number;
  /** The body, without secrets. */
  text: string;
  /** The JSON-RPC response to the request, with the id of the request; null without one. */
  rpc: Record<string, unknown> | null;
  error: AppError;
}

/**
 * @param response whose status is no success; its body is read, up to 1 MB or two seconds
 * @param hasSession whether the request carried a session
 */
export async function readRefusal(
  response: Response,
  expected: Pick<Listener, 'own' | 'find' | 'hide'>,
  hasSession: boolean,
): Promise<RefusedAnswer> {
  const { status, headers } = response;
  const text = expected.hide(decodeText(await firstOf(response.body), headers.get('content-type')).trim());
  const rpc = responseIn(text, expected);
  const said = errorOf(rpc)?.message;
  const reason = (typeof said === 'string' ? oneLine(said) : null) ?? reasonOf(text);
  const refusal = { status, reason, body: text, retryAfterMs: retryAfterMs(headers.get('retry-after')) };
  const { own } = expected;
  const isResponse = own !== null && rpc !== null && (isWithId(text, own) || errorOf(rpc) === null);
  const about = { method: own?.method ?? '', isResponse };
  const isLost = hasSession && own !== null && isSessionRefusal(refusal, about);
  return {
    status,
    text,
    rpc: isLost || !own || speaksForAll(refusal, own) ? null : rpc,
    error: isLost ? saidError('session_lost', reason) : refusalError(refusal),
  };
}

/**
 * The response to a request that was "accepted" (HTTP 202), for servers that send it at once.
 * @returns null without one; a body that takes more than two seconds is not awaited
 */
export async function readAccepted(response: Response, listener: Listener): Promise<Response | null> {
  const { headers } = response;
  const isStream = response.status === 202 && mediaTypeOf(headers) === 'text/event-stream';
  if (isStream) return readAnswer(response, listener);
  const text = decodeText(await firstOf(response.body), headers.get('content-type')).trim();
  const { own } = listener;
  const messages = jsonIn(text).flatMap((json) => readMessages(json, listener, true));
  if (!own || !hasResponseTo(messages, own)) return null;
  return readAnswer(new Response(text, { headers }), listener);
}

/** Whether the status concerns more than this request, so that a JSON-RPC error in the body only gives the reason. */
function speaksForAll({ status, retryAfterMs: waitMs }: Refusal, { method }: SentRequest): boolean {
  if (status === 429 || (status === 503 && waitMs !== undefined)) return true;
  if (method === 'initialize' && NO_POST.has(status)) return true;
  return method !== 'tools/call' && OF_CREDENTIAL.has(status);
}

function responseIn(text: string, expected: Expected): Record<string, unknown> | null {
  const { own } = expected;
  if (!own) return null;
  const found = jsonIn(text).flatMap((json) => readMessages(json, expected, true));
  const isAnswer = (message: unknown) => errorOf(message) !== null || hasResult(message, own);
  const response = found.find((message) => isAnswer(message) && (message as { id?: unknown }).id === own.id);
  return (response as Record<string, unknown> | undefined) ?? null;
}

/** Some servers send the result of a tool that failed with an error status. It opens no session. */
function hasResult(message: unknown, { method }: SentRequest): boolean {
  return method !== 'initialize' && method !== 'server/discover' && isJsonObject((message as { result?: unknown }).result); // prettier-ignore
}

/** Whether the server sent back the id of the request. */
function isWithId(text: string, own: SentRequest): boolean {
  return jsonIn(text)
    .flat()
    .some((message) => String((message as { id?: unknown } | null)?.id) === String(own.id));
}

/** The JSON in a body: all of it, or the data of its events. */
function jsonIn(text: string): unknown[] {
  const events = /^(?:data|event|id|retry)?:/.test(text)
    ? [...text.matchAll(/^data:(.*)$/gm)].map(([, data]) => data ?? '')
    : [text];
  return events.flatMap((data) => {
    try {
      return [JSON.parse(data) as unknown];
    } catch {
      return [];
    }
  });
}

async function firstOf(body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const reader = body?.getReader();
  const timer = setTimeout(() => void reader?.cancel().catch(() => {}), MAX_BODY_MS);
  try {
    for (let size = 0; reader && size < MAX_BODY_BYTES;) {
      const { value, done } = await reader.read();
      if (done) break;
      chunks.push(value);
      size += value.length;
    }
    await reader?.cancel();
  } catch {
    // The part that arrived is more useful than the error.
  } finally {
    clearTimeout(timer);
  }
  return joined(chunks);
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** `Retry-After` in milliseconds: seconds, or a date. */
function retryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = Number(header);
  const waitMs = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(waitMs) && waitMs > 0 ? waitMs : undefined;
}
