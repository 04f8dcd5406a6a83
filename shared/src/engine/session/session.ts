/** One session with a server, on the SDK's client: opened, used, ended. It never repairs itself; `connection` opens the next. */
import {
  Client,
  type CallToolResult,
  type ElicitRequestFormParams,
  type ElicitResult,
} from '@modelcontextprotocol/client';
import { z } from 'zod';
import type { AddressPolicy } from '../outgoing/address-policy.ts';
import { AppError } from '../../contract/errors.ts';
import type { Attempt, FailedAttempt, Route } from '../calls/attempts.ts';
import { readCatalog, type Catalog } from '../tools/catalog.ts';
import { pause } from '../pause.ts';
import { classify, classifyCall, classifyList } from '../messages/classify.ts';
import { SESSION_OVER } from '../messages/error-groups.ts';
import { failedAttempt, negotiationOf, versionsOf } from './handshake.ts';
import { listAllTools, type ListedTools } from '../tools/list-tools.ts';
import { Liveness } from './liveness.ts';
import type { Exchange, Resolve } from '../outgoing/outgoing-fetch.ts';
import { parameterHeaderFault } from '../http/parameter-headers.ts';
import { saidError } from '../messages/refusal.ts';
import { settleOrAbort } from './settle-or-abort.ts';
import { storedFacts } from '../tools/stored-facts.ts';
import type { SessionFacts } from './session-facts.ts';
import type { KnownTool, ServerTarget } from './target.ts';
import { ToolDefinitions, withLatestHeaders } from '../tools/tool-definitions.ts';
import { ToolsSubscription } from './tools-subscription.ts';
import { RAW_TOOLS_KEY } from '../http/watched-transport.ts';
import { HttpTransport } from '../http/http-transport.ts';

const CLIENT_INFO = { name: 'patchbay', version: '0.1.0' };
/** How long the calls of a session that was replaced may wait for their own answers. */
const RETIREMENT_MS = 5_000;

/** Asks the user what a server wants to know in the middle of a call; what has a default may be left out. */
export type Elicit = (question: ElicitRequestFormParams) => Promise<ElicitResult>;

export interface SessionOptions {
  policy: AddressPolicy;
  /** Ends the attempt to open; an open session ignores it. */
  signal: AbortSignal;
  /** For each request of the handshake. */
  timeoutMs: number;
  route?: Route | undefined;
  /** The tools as they were last known: by their schemas calls get their headers until the list is read. */
  knownTools?: readonly KnownTool[] | undefined;
  /** Set for probes: opens no stream for messages that the server initiates. */
  isBrief?: boolean;
  resolve?: Resolve | undefined;
  /** The server says that its tools changed. */
  onToolsChanged?: () => void;
  /** Something happened that a healthy session does not show; `check` tells more. */
  onDoubt?: () => void;
  onExchange?: (exchange: Exchange) => void;
  /** Until when the certificate of the server is valid. */
  onCertificate?: ((expiresAt: Date) => void) | undefined;
  /** Without it, the client does not declare elicitation. */
  elicit?: Elicit | undefined;
}

export interface CallRequest {
  tool: string;
  args: Record<string, unknown>;
  signal: AbortSignal;
  timeoutMs: number;
  onProgress?: ((progress: { progress: number; total?: number; message?: string }) => void) | undefined;
}

const NO_TOOLS = 'The server declares that it has no tools.';
const UNDECLARED_TOOLS = "The server doesn't declare any tools, but lists these when asked.";
/** A server that declared no tools may not know the request at all, and stay silent. */
const UNDECLARED_LIST_MS = 5_000;

/** The result of a page, with the raw tools where `WatchedTransport` put them. */
const ListPage = z.looseObject({
  nextCursor: z.string().optional(),
  _meta: z.looseObject({ [RAW_TOOLS_KEY]: z.array(z.unknown()) }),
});

/** An open session. Every method rejects with AppError only. */
export class Session {
  readonly route: Route;
  readonly facts: SessionFacts;
  readonly #client: Client;
  readonly #wire: HttpTransport;
  readonly #options: SessionOptions;
  readonly #definitions = new ToolDefinitions();
  readonly #calls = new Set<Promise<unknown>>();
  readonly #liveness: Liveness;
  readonly #subscription: ToolsSubscription | null;
  /** A server that declared no tools was asked once, and has none. */
  #hasNoTools = false;
  /** Whether the server answered anything after the handshake. */
  #hasWorked = false;
  #isEnded = false;

  private constructor(client: Client, wire: HttpTransport, options: SessionOptions, attempt: Attempt) {
    this.#client = client;
    this.#wire = wire;
    this.#options = options;
    this.#definitions.set(options.knownTools ?? []);
    const { transport, version } = attempt;
    this.route = { transport, era: client.getProtocolEra() ?? 'legacy', ...(version && { version }) };
    this.facts = storedFacts({
      protocolVersion: client.getNegotiatedProtocolVersion() ?? null,
      serverInfo: client.getServerVersion() ?? null,
      capabilities: client.getServerCapabilities() ?? null,
      instructions: client.getInstructions() ?? null,
    });
    this.#liveness = new Liveness({
      ping: (timeout) =>
        this.#ask(() =>
          this.route.era === 'modern' ? client.discover({ timeout }) : client.ping({ timeout }),
        ),
      list: (timeout) => this.#page(undefined, timeout),
    });
    const announcesChanges = client.getServerCapabilities()?.tools?.listChanged === true && !options.isBrief;
    this.#subscription =
      this.route.era === 'modern' && announcesChanges
        ? new ToolsSubscription(client, {
            timeoutMs: options.timeoutMs,
            onGap: () => options.onDoubt?.(),
            now: () => performance.now(),
          })
        : null;
  }

  /** Tries one handshake. Never rejects. */
  static async open(
    target: Pick<ServerTarget, 'url' | 'credential'>,
    attempt: Attempt,
    options: SessionOptions,
  ): Promise<Session | FailedAttempt> {
    const { signal, timeoutMs, elicit } = options;
    let wire: HttpTransport;
    try {
      wire = new HttpTransport(target, attempt.transport, { ...options, canAsk: elicit !== undefined });
    } catch (error) {
      const failure = { attempt, error: classify(error), lastMethod: null, rejection: null };
      return { ...failure, isSseServer: false };
    }
    const client = new Client(CLIENT_INFO, {
      versionNegotiation: negotiationOf(attempt, timeoutMs),
      capabilities: elicit ? { elicitation: { form: { applyDefaults: true } } } : {},
      supportedProtocolVersions: versionsOf(attempt),
    });
    // We do not declare URL elicitation, so the SDK refuses such a request.
    if (elicit)
      client.setRequestHandler('elicitation/create', ({ params }) =>
        elicit(params as ElicitRequestFormParams),
      );
    client.setNotificationHandler('notifications/tools/list_changed', () => options.onToolsChanged?.());
    try {
      await settleOrAbort(client.connect(wire.transport, { timeout: timeoutMs, signal }), signal);
      const session = new Session(client, wire, options, attempt);
      session.#subscription?.keep();
      return session;
    } catch (error) {
      const failed = failedAttempt(attempt, wire, error, signal);
      await wire.close();
      return failed;
    }
  }

  /** All pages of the tools. A server that declares none is asked all the same, once. */
  async list(signal: AbortSignal, timeoutMs: number): Promise<Catalog> {
    const isDeclared = this.#client.getServerCapabilities()?.tools !== undefined;
    if (this.#hasNoTools) return { tools: [], skipped: [], note: NO_TOOLS };
    const pageMs = isDeclared ? timeoutMs : Math.min(timeoutMs, UNDECLARED_LIST_MS);
    let listed: ListedTools;
    try {
      this.#wire.traffic.beginList();
      listed = await listAllTools((cursor) => this.#page(cursor, pageMs, signal));
    } catch (error) {
      if (isDeclared || signal.aborted || SESSION_OVER.has(classify(error).code)) throw error;
      this.#hasNoTools = true;
      return { tools: [], skipped: [], note: NO_TOOLS };
    }
    const faultOf = this.route.era === 'modern' ? parameterHeaderFault : () => null;
    const catalog = await readCatalog(listed.tools, faultOf);
    this.#definitions.set(catalog.tools);
    const note = listed.note ?? (isDeclared ? null : UNDECLARED_TOOLS);
    return note === null ? catalog : { ...catalog, note };
  }

  async #page(cursor: string | undefined, timeoutMs: number, signal?: AbortSignal) {
    const params = cursor === undefined ? {} : { cursor };
    const options = { timeout: timeoutMs, ...(signal && { signal }) };
    const page = await this.#ask(
      () => this.#client.request({ method: 'tools/list', params }, ListPage, options),
      classifyList,
    );
    const { listWeight } = this.#wire.traffic;
    return { tools: page._meta[RAW_TOOLS_KEY], nextCursor: page.nextCursor, listWeight };
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
    const call = this.#ask(() => withLatestHeaders(send, listAgain), classifyCall);
    this.#calls.add(call);
    try {
      return await call;
    } finally {
      this.#calls.delete(call);
    }
  }

  /** The address on another host that answers in the place of the configured one; null without such a redirect. */
  get redirectedTo(): URL | null {
    return this.#wire.redirectedTo;
  }

  /** Whether the server is there: see `Liveness`. */
  async check(timeoutMs: number): Promise<void> {
    if (this.route.transport === 'sse' && !this.#wire.hasStream) throw new AppError('connection_lost');
    await this.#liveness.check(timeoutMs);
    this.#subscription?.keep();
  }

  /**
   * Ends a session that was replaced, when its last call has got its own answer: a server that lost the
   * session refuses each call, which is then known not to have run. Never rejects.
   */
  async retire(): Promise<void> {
    // On the old transport no answer can come once the stream is gone.
    if (this.route.transport !== 'sse' && this.#calls.size > 0) {
      const settled = new AbortController();
      const patience = pause(RETIREMENT_MS, settled.signal);
      await Promise.race([Promise.allSettled(this.#calls), patience]);
      settled.abort();
    }
    await this.end(false);
  }

  /** Ends the session; with `goodbye` the server is notified first. Requests in flight fail. Never rejects. */
  async end(goodbye: boolean): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#subscription?.end();
    if (goodbye) await this.#wire.sayGoodbye();
    // Whatever ends badly here is ended none the less.
    await this.#client.close().catch(() => {});
    await this.#wire.close();
  }

  async #ask<T>(request: () => Promise<T>, name = classify): Promise<T> {
    try {
      const answer = await request();
      this.#hasWorked = true;
      return answer;
    } catch (cause) {
      const error = name(cause);
      // What was never accepted was not lost either; the next session would fare no better.
      const isNew = error.code === 'session_lost' && !this.#hasWorked;
      throw isNew ? saidError('session_rejected', error.said, { cause: error }) : error;
    }
  }
}
