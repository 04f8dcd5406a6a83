/**
 * The SDK's HTTP transport with what it leaves out:
 *  - a request whose event stream ends without an answer fails then, not at its timeout;
 *  - a cancelled request lets go of its stream (and so of its socket) also in the era of sessions;
 *  - the raw tools of `tools/list` get past the SDK, which refuses the whole list for one bad tool;
 *  - a failed handshake can be classified by its last request, and by the version that the server answered with;
 *  - a result that asks for input we can't give fails the call with what the server wants.
 */
import type {
  JSONRPCMessage,
  MessageExtraInfo,
  Transport,
  TransportSendOptions,
} from '@modelcontextprotocol/client';
import { AppError } from '../../contract/errors.ts';
import { classify } from '../messages/classify.ts';
import { isSameId } from '../messages/incoming-messages.ts';
import { unanswerableInput } from '../calls/input-required.ts';
import type { SentRequest } from '../messages/normalize-message.ts';

/** Where the raw tools of a list are found in its result; the result's own `tools` is empty. */
export const RAW_TOOLS_KEY = 'patchbay/raw-tools';
/** JSON-RPC code of the answers that we give in place of a server that cannot any more. */
const ANSWER_LOST_CODE = -32_099;
/** Requests that no stream but their own can answer: "accepted" is all that such a server says to them. */
const ANSWERED_AT_ONCE: ReadonlySet<string> = new Set(['server/discover', 'initialize']);
/** How long a cancel notice may take before the stream is cut anyway. */
const CANCEL_NOTICE_MS = 2_000;
/** How long a server may take to accept that the session begins. */
const INITIALIZED_NOTICE_MS = 2_000;

type RequestId = SentRequest['id'];
interface PendingRequest {
  request: SentRequest;
  stream: AbortController;
}

export class WatchedTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: <T extends JSONRPCMessage>(message: T, extra?: MessageExtraInfo) => void;
  readonly hasPerRequestStream: boolean;
  /** The method of the last request that was sent; null before the first. */
  lastMethod: string | null = null;
  /** The protocol version in the server's answer to `initialize`. */
  answeredVersion: string | null = null;
  /** The versions in the server's answer to `server/discover`. */
  discoveredVersions: readonly string[] | null = null;
  /** The last failure that was given in place of an answer. */
  lostAnswer: AppError | null = null;
  readonly #canAsk: boolean;
  readonly #inner: Transport;
  readonly #pending = new Map<RequestId, PendingRequest>();

  /**
   * @param inner a transport that is not started yet
   * @param canAsk whether a user can be asked what a server wants to know in the middle of a call
   */
  constructor(inner: Transport, canAsk: boolean) {
    this.#inner = inner;
    this.#canAsk = canAsk;
    this.hasPerRequestStream = inner.hasPerRequestStream === true;
    inner.onmessage = (message) => this.receive(message);
    inner.onerror = (error) => this.onerror?.(error);
    inner.onclose = () => this.onclose?.();
  }

  /** The session that the server assigned; undefined without one. */
  get sessionId(): string | undefined {
    return this.#inner.sessionId;
  }

  setProtocolVersion(version: string): void {
    this.#inner.setProtocolVersion?.(version);
  }

  start(): Promise<void> {
    return this.#inner.start();
  }

  async close(): Promise<void> {
    await this.#inner.close();
    for (const { stream } of this.#pending.values()) stream.abort();
    this.#pending.clear();
  }

  async send(message: JSONRPCMessage, options: TransportSendOptions = {}): Promise<void> {
    if (!('method' in message)) return this.#inner.send(message, options);
    if (!('id' in message)) return this.#sendNotice(message, options);
    const { id, method, params } = message;
    this.lastMethod = method;
    // The SDK follows the stream of a subscription itself.
    if (method === 'subscriptions/listen') return this.#inner.send(message, options);
    const stream = new AbortController();
    this.#pending.set(id, { request: { id, method, params }, stream });
    options.requestSignal?.addEventListener('abort', () => this.#pending.delete(id), { once: true });
    try {
      await this.#inner.send(message, {
        ...options,
        requestSignal: options.requestSignal
          ? AbortSignal.any([options.requestSignal, stream.signal])
          : stream.signal,
        // It ends after each answer, too, and an error with its stack is dear.
        onRequestStreamEnd: () => {
          if (this.#pending.has(id)) this.failRequest(id, new AppError('connection_lost'));
        },
      });
    } catch (error) {
      this.#pending.delete(id);
      throw error;
    }
  }

  /** The request that is still open under this id, as it was sent or as a number written as text; else null. */
  openRequest(id: RequestId): SentRequest | null {
    const exact = this.#pending.get(id);
    if (exact) return exact.request;
    return [...this.#pending.values()].find(({ request }) => isSameId(id, request.id))?.request ?? null;
  }

  /** Answers a request that is still open in the server's place. */
  failRequest(id: RequestId, error: AppError): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    this.lostAnswer = error;
    pending.stream.abort();
    this.onmessage?.(errorResponse(id, error));
  }

  /** Answers every request that is still open in the server's place. */
  failAll(error: AppError): void {
    for (const id of [...this.#pending.keys()]) this.failRequest(id, error);
  }

  /** The server took a request without answering it (HTTP 202). */
  noticeAccepted(id: RequestId): void {
    const method = this.#pending.get(id)?.request.method;
    if (method === undefined) return;
    // It shows that the server is there, which is all that a ping asks.
    if (method === 'ping') this.receive({ jsonrpc: '2.0', id, result: {} });
    else if (ANSWERED_AT_ONCE.has(method))
      this.failRequest(
        id,
        new AppError('protocol_error', {
          message: `The server accepted the request "${method}" (HTTP 202) but never responded to it.`,
        }),
      );
  }

  async #sendNotice(message: JSONRPCMessage, options: TransportSendOptions): Promise<void> {
    const cancelled = cancelledRequest(message);
    const pending = cancelled === undefined ? undefined : this.#pending.get(cancelled);
    if (!pending && 'method' in message && message.method === 'notifications/initialized')
      return this.#sendInitialized(message, options);
    if (cancelled === undefined || !pending) return this.#inner.send(message, options);
    this.#pending.delete(cancelled);
    try {
      await this.#inner.send(message, { ...options, requestSignal: AbortSignal.timeout(CANCEL_NOTICE_MS) });
    } finally {
      pending.stream.abort();
    }
  }

  /** Some servers never respond to this notice, or cut its connection. Whether the session works, the next request shows. */
  async #sendInitialized(message: JSONRPCMessage, options: TransportSendOptions): Promise<void> {
    const requestSignal = AbortSignal.timeout(INITIALIZED_NOTICE_MS);
    try {
      await this.#inner.send(message, { ...options, requestSignal });
    } catch (error) {
      if (!requestSignal.aborted && classify(error).code !== 'connection_lost') throw error;
    }
  }

  /** Passes on a message of the server, whichever way it came. */
  receive(message: JSONRPCMessage): void {
    if ('method' in message || message.id === undefined) {
      this.onmessage?.(message);
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (!pending || !('result' in message)) {
      this.onmessage?.(message);
      return;
    }
    const { id, result } = message;
    const unanswerable = unanswerableInput(result, this.#canAsk);
    if (pending.request.method === 'server/discover' && Array.isArray(result.supportedVersions))
      this.discoveredVersions = result.supportedVersions.filter((one) => typeof one === 'string');
    if (pending.request.method === 'initialize' && typeof result.protocolVersion === 'string')
      this.answeredVersion = result.protocolVersion;
    if (unanswerable) this.onmessage?.(errorResponse(id, unanswerable));
    else
      this.onmessage?.(
        pending.request.method === 'tools/list' ? { ...message, result: setToolsAside(result) } : message,
      );
  }
}

function errorResponse(id: RequestId, error: AppError): JSONRPCMessage {
  return { jsonrpc: '2.0', id, error: { code: ANSWER_LOST_CODE, message: error.message, data: error } };
}

function setToolsAside(result: Record<string, unknown>): Record<string, unknown> {
  if (!Array.isArray(result.tools)) return result;
  return {
    ...result,
    tools: [],
    _meta: { ...(result._meta as object | undefined), [RAW_TOOLS_KEY]: result.tools },
  };
}

function cancelledRequest(message: JSONRPCMessage): RequestId | undefined {
  if (!('method' in message) || message.method !== 'notifications/cancelled') return undefined;
  const id = message.params?.requestId;
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}
