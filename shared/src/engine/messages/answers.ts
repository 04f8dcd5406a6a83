/**
 * Between HTTP and the SDK: every message of a server, in a response body or in an event of any stream, passes through
 * here before the SDK validates it.
 */

import { AppError } from '../../contract/errors.ts';
import type { ServerEvent } from '../http/event-parser.ts';
import { charsetOf, decodeText, mediaTypeOf } from '../http/body-text.ts';
import { rewriteEventStream } from '../http/event-stream.ts';
import type { HeldPiece } from '../session/held-memory.ts';
import {
  answeredRequest,
  errorOf,
  hasResponseTo,
  isMessage,
  readMessages,
  type Expected,
} from './incoming-messages.ts';
import { jsonWeight } from './json-weight.ts';
import { endSentence, reasonOf } from './reason.ts';
import { rejectsHost, saidError } from './refusal.ts';

/** The same limit as for a whole body. */
const MAX_EVENT_CHARS = 8 * 1024 * 1024;
/** See `jsonWeight`. What weighs more is refused before it is parsed. */
const MAX_MESSAGE_WEIGHT = 24 * 1024 * 1024;
const EVENT_STREAM = 'text/event-stream';
const NOT_RPC = "The server's response is not a JSON-RPC message.";
/** Signs of a sign-in page. */
const SIGN_IN = /\b(?:sign[ -]?in|log[ -]?in|single sign-on|sso|authenticat\w+|anmelden|captcha)\b/i;
const HANDSHAKES: ReadonlySet<string> = new Set(['server/discover', 'initialize']);
const PASSWORD_FIELD = /<input[^>]+type=["']?password/i;
/** The start of an event stream that has another content type. */
const STREAM_START = /^(?:data|event|id|retry)?:/;

export interface Listener extends Expected {
  /** Fails the request of this POST, whose response can't arrive anymore. */
  fail: (error: AppError) => void;
  /** Holds the event of a stream that has not ended yet. */
  holdEvent: () => HeldPiece;
  /** Called for each response to `tools/list`, with its `jsonWeight`. */
  noteList: (weight: number) => void;
  /** Removes secrets from a text that may be shown. */
  hide: (text: string) => string;
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
  // A request that was only accepted is answered elsewhere, and notifications have no answer.
  if (!listener.own || response.status === 202) return response;
  const text = decodeText(new Uint8Array(await response.arrayBuffer()), contentType).trim();
  if (STREAM_START.test(text)) {
    const { body } = new Response(`${text}\n\n`);
    if (body) return asEventStream(response, body, 'utf-8', listener);
  }
  return asJson(response, text, listener);
}

function asJson(response: Response, text: string, listener: Listener): Response {
  const { json, weight } = parseJson(text);
  if (json === undefined) throw unreadable(response, text, listener.own);
  const messages = messagesIn(json, weight, listener, true);
  if (listener.own && !hasResponseTo(messages, listener.own)) {
    throw new AppError('protocol_error', {
      message: messages.some(isMessage) ? "The server's response doesn't answer the request." : NOT_RPC,
    });
  }
  const isSame = isUnchanged(json, messages);
  return rewritten(
    response,
    'application/json',
    isSame ? text : JSON.stringify(single(messages.filter(isMessage))),
  );
}

function unreadable({ headers }: Response, text: string, own: Listener['own']): AppError {
  if (text === '') return new AppError('protocol_error', { message: "The server's response is empty." });
  const type = mediaTypeOf(headers);
  if (type === '' || type.includes('json'))
    return new AppError('protocol_error', { message: "The server's response is not valid JSON." });
  const title = reasonOf(text);
  if (rejectsHost(text)) return saidError('host_rejected', title);
  if (SIGN_IN.test(title ?? '') || PASSWORD_FIELD.test(text)) return saidError('login_page', title);
  if (!own || HANDSHAKES.has(own.method)) return saidError('not_mcp', title);
  // The handshake showed that it is a server; this is a fault on the way, or in this request.
  const said = title === null ? '' : ` It said: ${endSentence(title)}`;
  const message = `The server responded with ${type} instead of a JSON-RPC message.${said}`;
  return new AppError('protocol_error', { message, said: title });
}

function asEventStream(
  response: Response,
  body: ReadableStream<Uint8Array>,
  charset: string,
  listener: Listener,
): Response {
  const seen = new StreamFindings(listener);
  const held = listener.holdEvent();
  const stream = rewriteEventStream(body, {
    charset,
    maxEventChars: MAX_EVENT_CHARS,
    rewrite: (event, isCut) => rewriteEvent(event, isCut, listener, seen),
    onHeld: (chars) => held.set(chars),
    onEnd: (error) => {
      held.free();
      const failure = error ?? seen.failure;
      if (failure) listener.fail(failure);
    },
  });
  return rewritten(response, EVENT_STREAM, stream);
}

/** One event for each message. Events without a message pass unchanged. */
function rewriteEvent(
  event: ServerEvent,
  isCut: boolean,
  listener: Listener,
  seen: StreamFindings,
): ServerEvent[] {
  const text = event.data.trim();
  const { json, weight } = parseJson(text);
  if (json === undefined && isCut) return [];
  const messages = json === undefined ? [] : messagesIn(json, weight, listener, false);
  seen.note(event, messages);
  if (!messages.some(isMessage)) return [event];
  if (isUnchanged(json, messages)) return [{ ...event, event: undefined, data: text }];
  // The SDK ignores events with a name of their own.
  const { id } = event;
  return messages.map((message) => ({ id, event: undefined, data: JSON.stringify(message) }));
}

/** What the stream of a request brought so far, to name its end without a response. */
class StreamFindings {
  readonly #own: Listener['own'];
  readonly #hide: Listener['hide'];
  #isAnswered = false;
  /** A stream with event ids may be resumed. */
  #hasIds = false;
  #failure: AppError | null = null;

  constructor({ own, hide }: Listener) {
    this.#own = own;
    this.#hide = hide;
  }

  note({ id, event, data }: ServerEvent, messages: unknown[]): void {
    this.#hasIds ||= id !== undefined;
    if (this.#own && hasResponseTo(messages, this.#own)) this.#isAnswered = true;
    if (messages.some(isMessage)) return;
    if (event === 'error') this.#failure = saidError('server_error', reasonOf(this.#hide(data)));
    else if ((event ?? 'message') === 'message' && data.trim() !== '' && !this.#hasIds)
      this.#failure ??= new AppError('protocol_error', { message: NOT_RPC });
  }

  /** Why the stream ended without a response, as far as the server said; else null. */
  get failure(): AppError | null {
    return this.#isAnswered ? null : this.#failure;
  }
}

/** The messages in a piece of JSON, normalized and without secrets of ours in errors. */
function messagesIn(json: unknown, weight: number, listener: Listener, isWhole: boolean): unknown[] {
  return readMessages(json, listener, isWhole).map((message) => {
    if (answeredRequest(message, listener)?.method === 'tools/list') listener.noteList(weight);
    const error = errorOf(message);
    if (typeof error?.message !== 'string') return message;
    const shown = listener.hide(error.message);
    if (shown === error.message) return message;
    return { ...(message as object), error: { ...error, message: shown } };
  });
}

function isUnchanged(json: unknown, messages: unknown[]): boolean {
  return messages.length === 1 && messages[0] === json;
}

function single(messages: unknown[]): unknown {
  return messages.length === 1 ? messages[0] : messages;
}

/**
 * `json` is undefined for what is not JSON, and for JSON that is neither an object nor a list.
 * @throws AppError `response_too_large` for what would take too much memory
 */
function parseJson(text: string): { json: unknown; weight: number } {
  if (!text.startsWith('{') && !text.startsWith('[')) return { json: undefined, weight: 0 };
  const weight = jsonWeight(text);
  if (weight > MAX_MESSAGE_WEIGHT) throw new AppError('response_too_large');
  try {
    return { json: JSON.parse(text) as unknown, weight };
  } catch {
    return { json: undefined, weight };
  }
}

function rewritten({ headers }: Response, type: string, body: string | ReadableStream<Uint8Array>): Response {
  const fresh = new Headers(headers);
  fresh.set('content-type', type);
  return new Response(body, { status: 200, headers: fresh });
}
