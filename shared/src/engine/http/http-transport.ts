import {
  SSEClientTransport,
  StreamableHTTPClientTransport,
  type JSONRPCMessage,
} from '@modelcontextprotocol/client';
import { setTimeout as delay } from 'node:timers/promises';
import { checkUrl, type AddressPolicy } from '../outgoing/address-policy.ts';
import { AppError, isAboutCredential } from '../../contract/errors.ts';
import { readAnswer, type Listener } from '../messages/answers.ts';
import { backoffMs } from '../backoff.ts';
import { pause } from '../pause.ts';
import { classify } from '../messages/classify.ts';
import { REJECTS_EVERY_REQUEST } from '../messages/error-groups.ts';
import type { SentRequest } from '../messages/normalize-message.ts';
import {
  createOutgoingFetch,
  type Exchange,
  type OutgoingFetch,
  type Resolve,
} from '../outgoing/outgoing-fetch.ts';
import { mentionsVersions } from '../session/protocol-versions.ts';
import { endSentence } from '../messages/reason.ts';
import { addressOf, redirectError } from '../outgoing/redirects.ts';
import { readAccepted, readRefusal } from './refused-answer.ts';
import { isEventStream } from './response-body.ts';
import { sentRequest } from '../outgoing/sent-request.ts';
import { SentSecrets } from '../outgoing/sent-secrets.ts';
import { SessionMemory } from '../session/session-memory.ts';
import { SessionTraffic } from '../session/session-traffic.ts';
import { SseEndpoint } from './sse-endpoint.ts';
import type { ServerTarget } from '../session/target.ts';
import { WatchedTransport } from './watched-transport.ts';

/** How long the request that ends the session may take. */
const GOODBYE_MS = 2_000;
/** A stream that was cut is opened again soon; when that fails, the request that hangs on it is given up. */
const STREAM_RECONNECTION = {
  initialReconnectionDelay: 200,
  maxReconnectionDelay: 1_000,
  reconnectionDelayGrowFactor: 2,
  maxRetries: 2,
};

/** A stream that a server ends so soon again and again is opened less and less often. */
const SHORT_STREAM_MS = 10_000;
const MAX_STREAM_PAUSE_MS = 30_000;

const HANDSHAKES: ReadonlySet<string> = new Set(['server/discover', 'initialize']);

export interface WireOptions {
  policy: AddressPolicy;
  /** No stream is opened on which the server could speak unasked; the old transport has no other. */
  isBrief?: boolean;
  /** A user can answer the server's questions during a call. */
  canAsk?: boolean;
  resolve?: Resolve | undefined;
  onExchange?: ((exchange: Exchange) => void) | undefined;
  onCertificate?: ((expiresAt: Date) => void) | undefined;
  /** The stream on which the server speaks unasked was cut. */
  onDoubt?: (() => void) | undefined;
}

/** The transport of one session, with its own sockets. */
export class HttpTransport {
  readonly transport: WatchedTransport;
  /** Of the old transport: where the server wants its messages; null for streamable HTTP. */
  readonly sse: SseEndpoint | null;
  readonly traffic: SessionTraffic;
  /** The last request that failed; the old transport passes on no more than that one did. */
  failure: AppError | null = null;
  /** The address on another host that answers in the place of the configured one, if any. */
  redirectedTo: URL | null = null;
  readonly #target: { url: URL; hasCredential: boolean };
  readonly #inner: StreamableHTTPClientTransport | SSEClientTransport;
  readonly #outgoing: OutgoingFetch;
  readonly #options: WireOptions;
  readonly #memory = new SessionMemory();
  readonly #secrets = new SentSecrets();
  #openStreams = 0;
  #streamOpenedAt = 0;
  #shortStreams = 0;
  #isClosed = false;
  /** Why the session was ended from our side: it received or held too much. */
  #excess: AppError | null = null;

  /** @throws AppError `invalid_url`, `blocked_address` */
  constructor(
    target: Pick<ServerTarget, 'url' | 'credential'>,
    kind: 'streamable_http' | 'sse',
    options: WireOptions,
  ) {
    const url = checkUrl(target.url, options.policy);
    this.#options = options;
    const isSse = kind === 'sse';
    this.traffic = new SessionTraffic(options.isBrief === true, (error) => this.#endAtOnce(error));
    this.#target = { url, hasCredential: target.credential.method !== 'none' };
    this.#outgoing = createOutgoingFetch({
      policy: options.policy,
      credential: { origin: url.origin, credential: target.credential },
      memory: this.#memory,
      secrets: this.#secrets,
      resolve: options.resolve,
      onCertificate: options.onCertificate,
      readsEvents: true,
      onChunk: (exchange, bytes) => this.traffic.noteChunk(exchange, bytes),
      onResponse: (exchange) => this.#noticeResponse(exchange),
      onBodyEnd: (exchange, error) => this.#noticeBodyEnd(exchange, error),
    });
    this.sse = isSse ? new SseEndpoint(url, this.#outgoing.fetch) : null;
    const isWithoutStream = !isSse && options.isBrief === true;
    const fetch = async (input: string | URL, init?: RequestInit) => {
      try {
        if (this.#excess) throw this.#excess;
        // As a server answers that has no such stream.
        if (init?.method === 'GET' && isWithoutStream) return new Response(null, { status: 405 });
        if (init?.method === 'GET') await this.#pauseBeforeStream(init.signal ?? undefined);
        return await this.#exchange(input, init);
      } catch (error) {
        this.failure = classify(error);
        throw error;
      }
    };
    // The outgoing fetch follows redirects itself, and checks each.
    const shared = { fetch, redirectPolicy: 'follow' } as const;
    this.#inner = isSse
      ? new SSEClientTransport(url, shared)
      : new StreamableHTTPClientTransport(url, { ...shared, reconnectionOptions: STREAM_RECONNECTION });
    this.transport = new WatchedTransport(this.#inner, options.canAsk === true);
  }

  /** Whether a stream is open on which the server can speak unasked. */
  get hasStream(): boolean {
    return this.#openStreams > 0;
  }

  /** Tells the server that the session is over; never rejects. */
  async sayGoodbye(): Promise<void> {
    if (!('terminateSession' in this.#inner)) return;
    const done = new AbortController();
    // A server that can't be reached forgets the session by itself.
    const ended = this.#endSession(this.#inner).catch(() => {});
    await Promise.race([ended, pause(GOODBYE_MS, done.signal)]);
    done.abort();
  }

  /** Closes all sockets; requests in flight fail. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.transport.close().catch(() => {});
    await this.#outgoing.close();
    this.traffic.close();
  }

  #endAtOnce(error: AppError): void {
    this.#excess = error;
    this.failure = error;
    this.transport.failAll(error);
    void this.#outgoing.close();
  }

  async #pauseBeforeStream(signal: AbortSignal | undefined): Promise<void> {
    if (this.#shortStreams < 2) return;
    const pauseMs = backoffMs(this.#shortStreams + 1, 250, MAX_STREAM_PAUSE_MS);
    await delay(pauseMs, undefined, { ...(signal && { signal }) });
  }

  /** The SDK does not know of a session whose id came late. */
  async #endSession(inner: StreamableHTTPClientTransport): Promise<unknown> {
    if (inner.sessionId !== undefined || !this.#memory.hasSession) return inner.terminateSession();
    const headers = { 'mcp-protocol-version': inner.protocolVersion ?? '' };
    return this.#outgoing.fetch(this.#target.url, { method: 'DELETE', headers });
  }

  async #exchange(input: string | URL, init: RequestInit = {}): Promise<Response> {
    const own = sentRequest(init.body);
    if (own?.method === 'initialize') this.#memory.forgetSession();
    const response = await (this.sse ?? this.#outgoing).fetch(input, init);
    if (init.method === 'DELETE') {
      await response.body?.cancel();
      return new Response(null, { status: response.status });
    }
    const from = new URL(response.url || this.#target.url);
    if (from.origin !== this.#target.url.origin) this.redirectedTo = from;
    const isPost = init.method === 'POST';
    const isAccepted = this.sse ? response.ok : response.status === 202;
    if (isPost && own && isAccepted) return this.#takeAccepted(response, own);
    if (response.ok) return isPost ? readAnswer(response, this.#listener(own)) : this.#takeStream(response);
    if (response.status < 400) throw redirectError(from, init.method ?? 'GET', response);
    return isPost ? this.#takeRefusal(response, own) : this.#missStream(response);
  }

  /**
   * "Accepted" is said by servers that answer elsewhere; some send the answer itself with it. With the old transport any
   * status of success says so, with any words or none.
   */
  async #takeAccepted(response: Response, own: SentRequest): Promise<Response> {
    const answer = await readAccepted(response, this.#listener(own));
    if (this.sse) {
      const messages = answer ? ([await answer.json()].flat() as JSONRPCMessage[]) : [];
      for (const message of messages) this.transport.receive(message);
      return new Response(null, { status: 202 });
    }
    if (!answer) this.transport.noticeAccepted(own.id);
    return answer ?? new Response(null, { status: 202, headers: response.headers });
  }

  #listener(own: SentRequest | null): Listener {
    return {
      own,
      find: (id) => this.transport.openRequest(id),
      fail: (error) => {
        if (own) this.transport.failRequest(own.id, error);
      },
      holdEvent: () => this.traffic.event(),
      noteList: (weight) => this.traffic.addToList(weight),
      hide: (text) => this.#secrets.hide(text),
    };
  }

  #takeStream(response: Response): Promise<Response> {
    const isStream = isEventStream(response.headers);
    if (!this.sse && !isStream) return noStream(response);
    // The SDK says no more than that the connection failed.
    if (!isStream) this.failure = new AppError('not_mcp');
    return readAnswer(response, this.#listener(null));
  }

  /** Without its stream the old transport cannot work; the newer one goes on, unless it is asked to wait. */
  async #missStream(response: Response): Promise<Response> {
    if (!this.sse && response.status !== 429 && response.status !== 503) return response;
    const { error } = await this.#refusal(response, null);
    if (!this.sse) throw error;
    this.failure = error;
    return new Response(null, { status: response.status });
  }

  /** An error status with a JSON-RPC response is the answer to the request; any other refuses it. */
  async #takeRefusal(response: Response, own: SentRequest | null): Promise<Response> {
    const { rpc, text, error } = await this.#refusal(response, own);
    if (rpc && this.sse) this.transport.receive(rpc as unknown as JSONRPCMessage);
    if (rpc) return this.sse ? new Response(null, { status: 202 }) : Response.json(rpc);
    // What the body says of versions counts for the next handshake, if it is about that.
    // Some servers reject a version that they agreed to only after the handshake, from its header.
    const isHandshake = own === null ? mentionsVersions(text) : HANDSHAKES.has(own.method);
    const isAboutVersion = isHandshake && !REJECTS_EVERY_REQUEST.has(error.code);
    if (isAboutVersion && !this.sse && error.retryAfterMs === undefined) return new Response(text, response);
    // Some servers reject notifications, which have no id; the next request shows whether more is wrong.
    const isNotification = own === null && !REJECTS_EVERY_REQUEST.has(error.code);
    if (isNotification && error.retryAfterMs === undefined) return new Response(null, { status: 202 });
    throw this.#withRedirect(error);
  }

  #refusal(response: Response, own: SentRequest | null) {
    return readRefusal(response, this.#listener(own), this.sse !== null || this.#memory.hasSession);
  }

  /** A key that is not sent to the host that asks for it is not a wrong one. */
  #withRedirect(error: AppError): AppError {
    const to = this.redirectedTo;
    if (!to || !this.#target.hasCredential || !isAboutCredential(error.code)) return error;
    const { said } = error;
    const reason = said ? ` It said: ${endSentence(said)}` : '';
    const message = `The server redirects to ${addressOf(to)}, where your key is not sent.${reason}`;
    return new AppError('redirected', { message, said, cause: error });
  }

  #noticeResponse(exchange: Exchange): void {
    if (isStandalone(exchange)) {
      this.#openStreams += 1;
      this.#streamOpenedAt = performance.now();
    }
    this.#options.onExchange?.(exchange);
  }

  #noticeBodyEnd(exchange: Exchange, error: unknown): void {
    this.traffic.noteBodyEnd(exchange);
    if (isStandalone(exchange)) {
      this.#openStreams -= 1;
      const livedMs = performance.now() - this.#streamOpenedAt;
      this.#shortStreams = livedMs < SHORT_STREAM_MS ? this.#shortStreams + 1 : 0;
    }
    if (this.#isClosed) return;
    if (isStandalone(exchange)) this.#options.onDoubt?.();
    // The SDK would try to resume what it must not: an answer beyond the limit stays one.
    const sent = error instanceof AppError ? sentRequest(exchange.body) : null;
    if (sent) this.transport.failRequest(sent.id, classify(error));
  }
}

/** A stream on which the server speaks unasked. */
function isStandalone(exchange: Exchange): boolean {
  return exchange.method === 'GET' && exchange.status === 200 && isEventStream(exchange.headers);
}

/** A GET that is answered with anything but events says that there is no stream; the SDK would ask on and on. */
async function noStream(response: Response): Promise<Response> {
  await response.body?.cancel();
  return new Response(null, { status: 405 });
}
