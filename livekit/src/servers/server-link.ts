import { pause } from '@patchbay/shared/engine/pause';
import { AppError } from '@patchbay/shared/contract/errors';
import { assertDepth } from '@patchbay/shared/engine/calls/arguments';
import { diffCatalog, type Catalog, type CatalogTool } from '@patchbay/shared/engine/tools/catalog';
import type {
  CallOptions,
  Connection,
  ConnectionFacts,
  ConnectionOptions,
} from '@patchbay/shared/engine/session/connection';
import { isPutOff } from '@patchbay/shared/engine/session/machine';
import type { CallResult } from '@patchbay/shared/engine/calls/result';
import type { ResultCache } from '@patchbay/shared/engine/calls/result-cache';
import { settleOrAbort } from '@patchbay/shared/engine/session/settle-or-abort';
import type { Credential, ServerTarget } from '@patchbay/shared/engine/session/target';
import type { LinkState } from './link-state.ts';
import { type Outage, graceLeftMs, nextOutage } from './outage.ts';
import type { SnapshotServer } from '@patchbay/shared/contract/schema/snapshot';

export interface LinkCallOptions extends CallOptions {
  /** The user accepts a cached result that is not older than this. */
  cacheTtlMs?: number | undefined;
}

export interface ServerLinkOptions {
  server: SnapshotServer;
  /** Shared by the links of a conversation. */
  cache: ResultCache;
  /** Opens the sealed credential; throws AppError `credential_missing` when there is none. */
  credentialOf: (server: SnapshotServer) => Promise<Credential>;
  open: (target: ServerTarget, options: Pick<ConnectionOptions, 'onState' | 'onCatalog'>) => Connection;
  onState: (link: ServerLink) => void;
  onCatalog: (link: ServerLink) => void;
  /** Its tools have to be withdrawn, or may be offered again. */
  onAvailability: (link: ServerLink) => void;
}

/**
 * One configuration of one server in one conversation: its connection and running calls. After `retire` it sends no more
 * events, and closes when its last call has ended.
 */
export class ServerLink {
  readonly server: SnapshotServer;
  readonly #options: ServerLinkOptions;
  #connection: Connection | null = null;
  /** The opened credential; null when there is none. */
  readonly #credential: Promise<Credential | null>;
  /** The tools as `onCatalog` last reported them. */
  #knownTools: readonly CatalogTool[];
  #state: LinkState = { name: 'connecting' };
  #outage: Outage | null = null;
  #isOutageReported = false;
  #graceTimer: ReturnType<typeof setTimeout> | undefined;
  #retired = false;
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: ServerLinkOptions) {
    this.#options = options;
    this.server = options.server;
    this.#knownTools = options.server.tools;
    this.#credential = this.#open();
  }

  get state(): LinkState {
    return this.#state;
  }

  get facts(): ConnectionFacts | null {
    return this.#connection?.facts ?? null;
  }

  /** Why the server can't be used; null while it can, or might. */
  get outage(): AppError | null {
    return this.#outage?.error ?? null;
  }

  /** Whether the server was offline for so long that its tools are withdrawn from the conversation. */
  get isWithdrawn(): boolean {
    return graceLeftMs(this.#outage, performance.now()) === 0;
  }

  /** Marks the outage as reported to the model. @returns whether it was before */
  reportOutage(): boolean {
    const wasReported = this.#isOutageReported;
    this.#isOutageReported = true;
    return wasReported;
  }

  /** The tools that this connection listed; null before the first list. */
  get catalog(): Catalog | null {
    return this.#connection?.catalog ?? null;
  }

  get liveTools(): readonly CatalogTool[] | null {
    return this.catalog?.tools ?? null;
  }

  /**
   * Calls a tool of the server. While the server is offline the connection decides whether to wait.
   * @throws AppError
   */
  async call(tool: string, args: Record<string, unknown>, options: LinkCallOptions): Promise<CallResult> {
    const call = this.#callCached(tool, args, options);
    this.#running.add(call);
    try {
      return await call;
    } finally {
      this.#running.delete(call);
    }
  }

  /** Connects at once if the link waits for a retry or a credential; drops cached results. */
  retryNow(): void {
    if (this.#state.name !== 'waiting' && this.#state.name !== 'needs_credentials') return;
    this.#options.cache.forget(this.server.id);
    this.#connection?.wake();
  }

  /** Closes the link when its calls have ended, at the latest after the time-out of a call. */
  async retire(): Promise<void> {
    this.#retired = true;
    this.#options.cache.forget(this.server.id);
    const timeout = new AbortController();
    await Promise.race([
      Promise.allSettled(this.#running),
      pause(this.server.call_timeout_ms, timeout.signal),
    ]);
    timeout.abort();
    await this.close();
  }

  /** Closes the link now; running calls fail with `cancelled`. */
  async close(): Promise<void> {
    this.#retired = true;
    this.#enter({ name: 'closed' });
    await this.#connection?.close();
  }

  async #open(): Promise<Credential | null> {
    const { server, credentialOf, open } = this.#options;
    let credential: Credential;
    try {
      credential = await credentialOf(server);
    } catch (cause) {
      const error = cause instanceof AppError ? cause : new AppError('internal', { cause });
      this.#enter({ name: 'needs_credentials', error });
      return null;
    }
    if (this.#retired) return credential;
    this.#connection = open(
      {
        serverId: server.id,
        configVersion: server.config_version,
        url: server.url,
        transport: server.transport,
        protocolEra: server.protocol_era,
        credential,
        callTimeoutMs: server.call_timeout_ms,
        maxConcurrency: server.max_concurrency,
        storedTools: server.tools,
        slug: server.slug,
      },
      {
        onState: (state) => this.#enter(state),
        onCatalog: ({ tools }) => this.#onCatalog(tools),
      },
    );
    this.#enter(this.#connection.state);
    return credential;
  }

  #onCatalog(tools: readonly CatalogTool[]): void {
    const { changed, removed } = diffCatalog(this.#knownTools, tools);
    this.#knownTools = tools;
    if (this.#retired) return;
    this.#options.cache.forget(this.server.id, [...changed, ...removed]);
    this.#options.onCatalog(this);
  }

  #enter(entered: LinkState): void {
    if (this.#state.name === 'closed') return;
    // A postponed attempt is Patchbay's doing: the server is not offline.
    const isPutOffByUs = entered.name === 'waiting' && isPutOff(entered.error);
    const state: LinkState = isPutOffByUs ? { name: 'connecting' } : entered;
    this.#state = state;
    if (this.#retired) {
      clearTimeout(this.#graceTimer);
      return;
    }
    const wasWithdrawn = this.isWithdrawn;
    this.#outage = nextOutage(this.#outage, state, performance.now());
    this.#watchGrace();
    if (!this.#outage) this.#isOutageReported = false;
    this.#options.onState(this);
    if (wasWithdrawn && !this.isWithdrawn) this.#options.onAvailability(this);
  }

  #watchGrace(): void {
    clearTimeout(this.#graceTimer);
    const leftMs = graceLeftMs(this.#outage, performance.now());
    if (!leftMs) return;
    // Timers may fire a little early.
    this.#graceTimer = setTimeout(() => {
      if (this.isWithdrawn) this.#options.onAvailability(this);
      else this.#watchGrace();
    }, leftMs).unref();
  }

  /** Uses a cached result where the user allows it, also while the server is offline. */
  async #callCached(
    tool: string,
    args: Record<string, unknown>,
    { cacheTtlMs, ...options }: LinkCallOptions,
  ): Promise<CallResult> {
    assertDepth(args);
    const known = this.#knownTools.find(({ name }) => name === tool);
    const credential = cacheTtlMs && known ? await this.#credential : null;
    if (!cacheTtlMs || !known || !credential) return this.#call(tool, args, options);
    const target = { serverId: this.server.id, configVersion: this.server.config_version, credential };
    return this.#options.cache.call(
      { target, tool: known, args },
      { ttlMs: cacheTtlMs, signal: options.signal },
      (signal) => this.#call(tool, args, { ...options, signal }),
    );
  }

  async #call(tool: string, args: Record<string, unknown>, options: CallOptions): Promise<CallResult> {
    const timeoutMs = options.timeoutMs ?? this.server.call_timeout_ms;
    const startedAtMs = performance.now();
    const connection = await this.#waitForConnection(timeoutMs, options.signal);
    const leftMs = Math.max(1, timeoutMs - (performance.now() - startedAtMs));
    return connection.call(tool, args, { ...options, timeoutMs: leftMs });
  }

  /** Resolves with the connection when the credential is opened. */
  async #waitForConnection(timeoutMs: number, signal: AbortSignal | undefined): Promise<Connection> {
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
    await settleOrAbort(this.#credential, either).catch((cause: unknown) => {
      throw new AppError(signal?.aborted ? 'cancelled' : 'timeout', { cause });
    });
    const state = this.#state;
    if (state.name === 'closed') throw new AppError('tool_not_found');
    if (this.#connection) return this.#connection;
    throw state.name === 'needs_credentials' ? state.error : new AppError('tool_not_found');
  }
}
