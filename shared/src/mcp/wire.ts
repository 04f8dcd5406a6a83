import { SSEClientTransport, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { checkUrl, type AddressPolicy } from '../address-policy.ts';
import { AppError } from '../errors.ts';
import { readAnswer } from './answers.ts';
import { classify, codeOfStatus } from './classify.ts';
import type { SentRequest } from './normalize-message.ts';
import { createOutgoingFetch, type Exchange, type OutgoingFetch, type Resolve } from './outgoing-fetch.ts';
import { SseEndpoint } from './sse-endpoint.ts';
import type { ServerTarget } from './target.ts';
import { WatchedTransport } from './watched-transport.ts';

/** How long a server may take to hear our good-bye. */
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

export interface WireOptions {
  policy: AddressPolicy;
  /** No stream is opened on which the server could speak unasked; the old transport has no other. */
  isBrief?: boolean;
  /** A person can be asked what the server wants to know in the middle of a call. */
  canAsk?: boolean;
  resolve?: Resolve | undefined;
  onExchange?: ((exchange: Exchange) => void) | undefined;
  onCertificate?: ((expiresAt: Date) => void) | undefined;
  /** The stream on which the server speaks unasked was cut. */
  onDoubt?: (() => void) | undefined;
}

const Sent = z.object({
  id: z.union([z.string(), z.number()]),
  method: z.string(),
  params: z.record(z.string(), z.unknown()).optional(),
});

/** The transport of one session, with its own sockets. */
export class Wire {
  readonly transport: WatchedTransport;
  /** Of the old transport: where the server wants its messages; null for streamable HTTP. */
  readonly sse: SseEndpoint | null;
  /** The last request that failed; the old transport passes on no more than that one did. */
  failure: AppError | null = null;
  readonly #inner: StreamableHTTPClientTransport | SSEClientTransport;
  readonly #outgoing: OutgoingFetch;
  readonly #options: WireOptions;
  #openStreams = 0;
  #streamOpenedAt = 0;
  #shortStreams = 0;
  #isClosed = false;

  /** @throws AppError `invalid_url`, `blocked_address` */
  constructor(
    target: Pick<ServerTarget, 'url' | 'credential'>,
    kind: 'streamable_http' | 'sse',
    options: WireOptions,
  ) {
    const url = checkUrl(target.url, options.policy);
    this.#options = options;
    this.#outgoing = createOutgoingFetch({
      policy: options.policy,
      credential: { origin: url.origin, credential: target.credential },
      resolve: options.resolve,
      onCertificate: options.onCertificate,
      onResponse: (exchange) => this.#noticeResponse(exchange),
      onBodyEnd: (exchange, error) => this.#noticeBodyEnd(exchange, error),
    });
    this.sse = kind === 'sse' ? new SseEndpoint(url, this.#outgoing.fetch) : null;
    const outgoing = this.sse ?? this.#outgoing;
    const isWithoutStream = kind !== 'sse' && options.isBrief === true;
    const refuse = kind === 'sse' ? refuseOfSse : refuseOverload;
    const fetch = async (input: string | URL, init?: RequestInit) => {
      try {
        // As a server answers that has no such stream.
        if (init?.method === 'GET' && isWithoutStream) return new Response(null, { status: 405 });
        if (init?.method === 'GET') await this.#pauseBeforeStream(init.signal ?? undefined);
        const response = await refuse(await outgoing.fetch(input, init), init?.method ?? 'GET');
        if (!response.ok) return response;
        if (init?.method === 'GET' && kind !== 'sse' && !isEventStream(response))
          return await noStream(response);
        return await this.#read(response, init?.body);
      } catch (error) {
        this.failure = classify(error);
        throw error;
      }
    };
    // The outgoing fetch follows redirects itself, and looks at each.
    const shared = { fetch, redirectPolicy: 'follow' } as const;
    this.#inner =
      kind === 'sse'
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
    // A server that cannot be told forgets the session by itself, and so does the timer that is not needed.
    const told = this.#inner.terminateSession().catch(() => {});
    await Promise.race([told, delay(GOODBYE_MS, undefined, { signal: done.signal }).catch(() => {})]);
    done.abort();
  }

  /** Closes all sockets; requests in flight fail. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.transport.close().catch(() => {});
    await this.#outgoing.close();
  }

  async #pauseBeforeStream(signal: AbortSignal | undefined): Promise<void> {
    if (this.#shortStreams < 2) return;
    const pauseMs = Math.min(250 * 2 ** this.#shortStreams, MAX_STREAM_PAUSE_MS);
    await delay(pauseMs, undefined, { ...(signal && { signal }) });
  }

  #read(response: Response, body: RequestInit['body']): Promise<Response> {
    const own = sentRequest(body);
    return readAnswer(response, {
      own,
      find: (id) => this.transport.openRequest(id),
      fail: (error) => {
        if (own) this.transport.failRequest(own.id, error);
      },
    });
  }

  #noticeResponse(exchange: Exchange): void {
    if (isStandalone(exchange)) {
      this.#openStreams += 1;
      this.#streamOpenedAt = performance.now();
    }
    // On the old transport every message is accepted so, and answered on the stream.
    const accepted = exchange.status === 202 && !this.sse ? sentRequest(exchange.body) : null;
    if (accepted) this.transport.noticeAccepted(accepted.id);
    this.#options.onExchange?.(exchange);
  }

  #noticeBodyEnd(exchange: Exchange, error: unknown): void {
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

/** The request in a body that we send; null for notices and responses, and where there is no body. */
function sentRequest(body: RequestInit['body']): SentRequest | null {
  if (typeof body !== 'string') return null;
  const sent = Sent.safeParse(JSON.parse(body));
  return sent.success ? sent.data : null;
}

function isEventStream({ headers }: Pick<Exchange, 'headers'>): boolean {
  return headers.get('content-type')?.toLowerCase().startsWith('text/event-stream') ?? false;
}

/** A stream on which the server speaks unasked. */
function isStandalone(exchange: Exchange): boolean {
  return exchange.method === 'GET' && exchange.status === 200 && isEventStream(exchange);
}

/** A GET that is answered with anything but events says that there is no stream; the SDK would ask on and on. */
async function noStream(response: Response): Promise<Response> {
  await response.body?.cancel();
  return new Response(null, { status: 405 });
}

/** The SDK does not pass on how long the server asks us to wait. */
async function refuseOverload(response: Response): Promise<Response> {
  if (response.status !== 429 && response.status !== 503) return response;
  await response.body?.cancel();
  throw new AppError(codeOfStatus(response.status), {
    retryAfterMs: retryAfterMs(response.headers.get('retry-after')),
  });
}

/** The old transport tells a failed POST by words only. */
async function refuseOfSse(response: Response, method: string): Promise<Response> {
  if (method !== 'POST' || response.ok) return refuseOverload(response);
  await response.body?.cancel();
  const isSessionLoss = response.status === 404 || response.status === 400;
  throw new AppError(isSessionLoss ? 'session_lost' : codeOfStatus(response.status));
}

/** `Retry-After` in milliseconds: seconds, or a date. */
function retryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = Number(header);
  const waitMs = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(waitMs) && waitMs > 0 ? waitMs : undefined;
}
