/** One session with a server, on the SDK's client: opened, used, ended. It never repairs itself; `connection` opens the next. */
import {
  Client,
  ProtocolError,
  SdkHttpError,
  type CallToolResult,
  type ElicitRequestFormParams,
  type ElicitResult,
} from '@modelcontextprotocol/client';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { AddressPolicy } from '../address-policy.ts';
import { AppError } from '../errors.ts';
import type { Transport as TransportChoice } from '../schema/server.ts';
import { readCatalogue, type Catalogue } from './catalogue.ts';
import { classify } from './classify.ts';
import type { Exchange, Resolve } from './outgoing-fetch.ts';
import { withoutInvalidHeaders } from './parameter-headers.ts';
import { settleOrAbort } from './settle-or-abort.ts';
import type { KnownTool, ServerTarget } from './target.ts';
import { ToolDefinitions, withLatestHeaders } from './tool-definitions.ts';
import { ANSWER_LOST_CODE, RAW_TOOLS_KEY } from './watched-transport.ts';
import { Wire } from './wire.ts';

const CLIENT_INFO = { name: 'patchbay', version: '0.1.0' };
/** A list that is longer has lost its way. */
const MAX_LIST_PAGES = 100;
/** How long the calls of a session that was replaced may wait for their own answers. */
const RETIREMENT_MS = 5_000;

/** How a server was reached; given to the next `openSession` it saves the finding out. */
export interface Route {
  transport: Exclude<TransportChoice, 'auto'>;
  era: 'legacy' | 'modern';
}

export interface SessionFacts {
  protocolVersion: string | null;
  serverInfo: Record<string, unknown> | null;
  capabilities: Record<string, unknown> | null;
  instructions: string | null;
}

/** Asks the user what a server wants to know in the middle of a call; what has a default may be left out. */
export type Elicit = (question: ElicitRequestFormParams) => Promise<ElicitResult>;

export interface SessionOptions {
  policy: AddressPolicy;
  /** Ends the attempt to open; an open session does not look at it. */
  signal: AbortSignal;
  /** For each request of the handshake. */
  timeoutMs: number;
  route?: Route | undefined;
  /** The tools as they were last known: by their schemas calls get their headers until the list is read. */
  knownTools?: readonly KnownTool[] | undefined;
  /** Over after a look: no stream is opened on which the server could speak unasked. */
  isBrief?: boolean;
  resolve?: Resolve | undefined;
  /** The server says that its tools changed. */
  onToolsChanged?: () => void;
  /** Something happened that a healthy session does not show; `check` tells more. */
  onDoubt?: () => void;
  onExchange?: (exchange: Exchange) => void;
  /** Until when the certificate of the server is valid. */
  onCertificate?: ((expiresAt: Date) => void) | undefined;
  /** Without it the server is told that nobody can be asked. */
  elicit?: Elicit | undefined;
}

export interface CallRequest {
  tool: string;
  args: Record<string, unknown>;
  signal: AbortSignal;
  timeoutMs: number;
  onProgress?: ((progress: { progress: number; total?: number; message?: string }) => void) | undefined;
}

/** The result of a page, with the raw tools where `WatchedTransport` put them. */
const ListPage = z.looseObject({
  nextCursor: z.string().optional(),
  _meta: z.looseObject({ [RAW_TOOLS_KEY]: z.array(z.unknown()) }),
});

/**
 * Reaches a server and initialises a session: streamable HTTP in either era, or the old SSE when the target
 * allows and the server has nothing else.
 * @throws AppError
 */
export async function openSession(
  target: Pick<ServerTarget, 'url' | 'transport' | 'credential'>,
  options: SessionOptions,
): Promise<Session> {
  const choice = target.transport === 'auto' ? options.route?.transport : target.transport;
  if (choice === 'sse') return Session.open(target, 'sse', options);
  try {
    return await Session.open(target, 'streamable_http', options);
  } catch (error) {
    if (choice !== undefined || !mayBeOldSse(classify(error))) throw error;
    // The first answer says more about the server than the failure of a guess.
    return Session.open(target, 'sse', options).catch((second: unknown) => {
      throw classify(second).code === 'unauthorized' ? second : error;
    });
  }
}

/** What a server that only knows the old SSE answers to a POST. */
function mayBeOldSse({ code }: AppError): boolean {
  return code === 'not_found' || code === 'not_mcp';
}

/** An open session. Every method rejects with AppError only. */
export class Session {
  readonly route: Route;
  readonly facts: SessionFacts;
  readonly #client: Client;
  readonly #wire: Wire;
  readonly #options: SessionOptions;
  readonly #definitions = new ToolDefinitions();
  readonly #calls = new Set<Promise<unknown>>();
  #subscription: Promise<unknown> | null = null;
  #isEnded = false;

  private constructor(client: Client, wire: Wire, options: SessionOptions, transport: Route['transport']) {
    this.#client = client;
    this.#wire = wire;
    this.#options = options;
    this.#definitions.set(options.knownTools ?? []);
    this.route = { transport, era: client.getProtocolEra() ?? 'legacy' };
    this.facts = {
      protocolVersion: client.getNegotiatedProtocolVersion() ?? null,
      serverInfo: client.getServerVersion() ?? null,
      capabilities: client.getServerCapabilities() ?? null,
      instructions: client.getInstructions() ?? null,
    };
  }

  static async open(
    target: Pick<ServerTarget, 'url' | 'credential'>,
    transport: Route['transport'],
    options: SessionOptions,
  ): Promise<Session> {
    const wire = new Wire(target, transport, options);
    const { signal, timeoutMs } = options;
    const { elicit } = options;
    const client = new Client(CLIENT_INFO, {
      versionNegotiation: { mode: transport === 'sse' ? 'legacy' : 'auto' },
      capabilities: elicit ? { elicitation: { form: { applyDefaults: true } } } : {},
    });
    // A server that asks by a web page was not told that we can: the SDK refuses it.
    if (elicit)
      client.setRequestHandler('elicitation/create', ({ params }) =>
        elicit(params as ElicitRequestFormParams),
      );
    client.setNotificationHandler('notifications/tools/list_changed', () => options.onToolsChanged?.());
    const prior = options.route?.era === 'legacy' ? ({ kind: 'legacy' } as const) : undefined;
    try {
      await settleOrAbort(client.connect(wire.transport, { timeout: timeoutMs, prior, signal }), signal);
      const session = new Session(client, wire, options, transport);
      session.#subscribe();
      return session;
    } catch (error) {
      const failure = transport === 'sse' && !signal.aborted ? wire.failure : null;
      await wire.close();
      throw failure ?? classify(error);
    }
  }

  /** All pages of the tools. */
  async list(signal: AbortSignal, timeoutMs: number): Promise<Catalogue> {
    if (!this.#client.getServerCapabilities()?.tools) return { tools: [], skipped: [] };
    const raw: unknown[] = [];
    const seen = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await this.#ask(() =>
        this.#client.request(
          { method: 'tools/list', params: cursor === undefined ? {} : { cursor } },
          ListPage,
          {
            signal,
            timeout: timeoutMs,
          },
        ),
      );
      raw.push(...page._meta[RAW_TOOLS_KEY]);
      cursor = page.nextCursor;
      if (cursor !== undefined && (seen.has(cursor) || seen.size >= MAX_LIST_PAGES)) {
        throw new AppError('protocol_error', { message: 'The list of tools of the server has no end.' });
      }
      seen.add(cursor ?? '');
    } while (cursor !== undefined);
    const read = readCatalogue(raw);
    const catalogue = this.route.era === 'modern' ? withoutInvalidHeaders(read) : read;
    this.#definitions.set(catalogue.tools);
    return catalogue;
  }

  /** Whether the server has a way to tell that its tools changed, now. */
  get hearsNews(): boolean {
    const isOffered = this.#client.getServerCapabilities()?.tools?.listChanged === true;
    return isOffered && (this.#subscription !== null || this.#wire.hasStream);
  }

  async call({ tool, args, signal, timeoutMs, onProgress }: CallRequest): Promise<CallToolResult> {
    const send = () =>
      this.#client.callTool(
        { name: tool, arguments: args },
        {
          signal,
          timeout: timeoutMs,
          ...(onProgress && { onprogress: onProgress }),
          ...(this.route.era === 'modern' && { toolDefinition: this.#definitions.of(tool) }),
        },
      );
    const listAgain = async () => {
      await this.list(signal, timeoutMs);
      this.#options.onToolsChanged?.();
    };
    const call = this.#ask(() => withLatestHeaders(send, listAgain));
    this.#calls.add(call);
    try {
      return await call;
    } finally {
      this.#calls.delete(call);
    }
  }

  /** Asks the server for a sign of life; any answer in the protocol is one. */
  async check(timeoutMs: number): Promise<void> {
    if (this.route.transport === 'sse' && !this.#wire.hasStream) throw new AppError('connection_lost');
    const alive = () =>
      this.route.era === 'modern'
        ? this.#client.discover({ timeout: timeoutMs })
        : this.#client.ping({ timeout: timeoutMs });
    await this.#ask(async () => {
      try {
        await alive();
      } catch (error) {
        if (!(error instanceof ProtocolError) || error.code === ANSWER_LOST_CODE) throw error;
      }
    });
    this.#subscribe();
  }

  /**
   * Ends a session that was replaced, when its last call has got its own answer: a server that lost the
   * session refuses each call, which is then known not to have run. Never rejects.
   */
  async retire(): Promise<void> {
    // On the old transport no answer can come once the stream is gone.
    if (this.route.transport !== 'sse' && this.#calls.size > 0) {
      const settled = new AbortController();
      const patience = delay(RETIREMENT_MS, undefined, { signal: settled.signal }).catch(() => {});
      await Promise.race([Promise.allSettled(this.#calls), patience]);
      settled.abort();
    }
    await this.end(false);
  }

  /** Ends the session; with `goodbye` the server is told first. Requests in flight fail. Never rejects. */
  async end(goodbye: boolean): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (goodbye) await this.#wire.sayGoodbye();
    // Whatever ends badly here is ended none the less.
    await this.#client.close().catch(() => {});
    await this.#wire.close();
  }

  /** In the era without sessions, news of the tools come on a subscription that is ours to keep. */
  #subscribe(): void {
    const isOffered = this.#client.getServerCapabilities()?.tools?.listChanged === true;
    if (this.route.era !== 'modern' || !isOffered || this.#subscription || this.#isEnded) return;
    if (this.#options.isBrief) return;
    this.#subscription = this.#client
      .listen({ toolsListChanged: true }, { timeout: this.#options.timeoutMs })
      .then((subscription) => subscription.closed)
      // A server may refuse subscriptions; the connection looks at its tools from time to time instead.
      .catch(() => 'local' as const)
      .then((how) => {
        this.#subscription = null;
        if (how !== 'local' && !this.#isEnded) this.#options.onDoubt?.();
      });
  }

  async #ask<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      if (this.#isSessionLoss(error)) throw new AppError('session_lost', { cause: error });
      throw classify(error);
    }
  }

  /** 404 by the specification; 400 is what many servers answer, among them the reference one. */
  #isSessionLoss(error: unknown): boolean {
    if (!(error instanceof SdkHttpError) || this.#wire.transport.sessionId === undefined) return false;
    return error.status === 404 || error.status === 400;
  }
}
