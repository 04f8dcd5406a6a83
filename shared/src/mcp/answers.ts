/**
 * Between HTTP and the SDK: every message of a server passes through here, from the body of a POST as well as from the
 * events of any stream, before the SDK holds it against its schemas.
 */
import type { EventSourceMessage } from 'eventsource-parser';
import { AppError } from '../errors.ts';
import { charsetOf, decodeText, mediaTypeOf } from './body-text.ts';
import { rewriteEventStream } from './event-stream.ts';
import { hasResponseTo, isMessage, readMessages, type Expected } from './incoming-messages.ts';
import { reasonOf } from './reason.ts';
import { saidError } from './refusal.ts';

/** A whole answer may not be larger than one event. */
const MAX_EVENT_CHARS = 8 * 1024 * 1024;
const EVENT_STREAM = 'text/event-stream';
/** How a page shows that it is for signing in. */
const SIGN_IN = /\b(?:sign[ -]?in|log[ -]?in|single sign-on|sso|authenticat\w+|anmelden|captcha)\b/i;
const PASSWORD_FIELD = /<input[^>]+type=["']?password/i;
/** How an event stream begins, when its content type does not say that it is one. */
const STREAM_START = /^(?:data|event|id|retry)?:/;

export interface Listener extends Expected {
  /** Ends the POSTed request, whose stream brought no response and now cannot. */
  fail: (error: AppError) => void;
}

/**
 * Rewrites a successful response so that the SDK can read it.
 * @throws AppError `protocol_error`, `not_mcp` when the body cannot be the response to the request
 */
export async function readAnswer(response: Response, listener: Listener): Promise<Response> {
  const contentType = response.headers.get('content-type');
  if (mediaTypeOf(response.headers) === EVENT_STREAM)
    return response.body
      ? asEventStream(response, response.body, charsetOf(contentType), listener)
      : response;
  // What is accepted is answered elsewhere, and what nobody waits for is not read.
  if (!listener.own || response.status === 202) return response;
  const text = decodeText(new Uint8Array(await response.arrayBuffer()), contentType).trim();
  if (STREAM_START.test(text)) {
    const { body } = new Response(`${text}\n\n`);
    if (body) return asEventStream(response, body, 'utf-8', listener);
  }
  return asJson(response, text, listener);
}

function asJson(response: Response, text: string, listener: Listener): Response {
  const json = parseJson(text);
  if (json === undefined) throw unreadable(response, text);
  const messages = readMessages(json, listener, true);
  if (listener.own && !hasResponseTo(messages, listener.own)) {
    throw new AppError('protocol_error', {
      message: messages.some(isMessage)
        ? 'The server answered, but not to what it was asked.'
        : 'The server answered with JSON that is not a JSON-RPC message.',
    });
  }
  const isSame = isUnchanged(json, messages);
  return rewritten(response, 'application/json', isSame ? text : JSON.stringify(single(messages)));
}

function unreadable({ headers }: Response, text: string): AppError {
  if (text === '') return new AppError('protocol_error', { message: 'The server answered with nothing.' });
  const type = mediaTypeOf(headers);
  if (type === '' || type.includes('json')) return new AppError('protocol_error');
  const title = reasonOf(text);
  return saidError(SIGN_IN.test(title ?? '') || PASSWORD_FIELD.test(text) ? 'login_page' : 'not_mcp', title);
}

function asEventStream(
  response: Response,
  body: ReadableStream<Uint8Array>,
  charset: string,
  listener: Listener,
): Response {
  const stream = rewriteEventStream(body, {
    charset,
    maxEventChars: MAX_EVENT_CHARS,
    rewrite: (event, isCut) => rewriteEvent(event, isCut, listener),
    onEnd: (error) => {
      if (error) listener.fail(error);
    },
  });
  return rewritten(response, EVENT_STREAM, stream);
}

/** One event for each message; what is no message is passed on as it is. */
function rewriteEvent(event: EventSourceMessage, isCut: boolean, listener: Listener): EventSourceMessage[] {
  const text = event.data.trim();
  const json = parseJson(text);
  if (json === undefined) return isCut ? [] : [event];
  const messages = readMessages(json, listener, false);
  if (!messages.some(isMessage)) return [event];
  if (isUnchanged(json, messages)) return [{ ...event, event: undefined, data: text }];
  // The SDK looks at events of its own name only; some servers name them as they like.
  const { id } = event;
  return messages.map((message) => ({ id, event: undefined, data: JSON.stringify(message) }));
}

function isUnchanged(json: unknown, messages: unknown[]): boolean {
  return messages.length === 1 && messages[0] === json;
}

function single(messages: unknown[]): unknown {
  return messages.length === 1 ? messages[0] : messages;
}

/** Undefined for what is not JSON, and for JSON that is neither an object nor a list. */
function parseJson(text: string): unknown {
  if (!text.startsWith('{') && !text.startsWith('[')) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function rewritten({ headers }: Response, type: string, body: string | ReadableStream<Uint8Array>): Response {
  const fresh = new Headers(headers);
  fresh.set('content-type', type);
  return new Response(body, { status: 200, headers: fresh });
}
