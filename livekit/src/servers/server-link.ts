import { pause } from '@patchbay/shared/engine/pause';
import { AppError } from '@patchbay/shared/contract/errors';
import { assertDepth } from '@patchbay/shared/engine/calls/arguments';
import { diffCatalogue, type Catalogue, type CatalogueTool } from '@patchbay/shared/engine/tools/catalogue';
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
  /** The user allows an earlier answer that is not older than this. */
  cacheTtlMs?: number | undefined;
}

export interface ServerLinkOptions {
  server: SnapshotServer;
  /** Shared by the links of a conversation. */
  cache: ResultCache;
  /** Opens the sealed credential; throws AppError `credential_missing` when there is none to open. */
  credentialOf: (server: SnapshotServer) => Promise<Credential>;
  open: (target: ServerTarget, options: Pick<ConnectionOptions, 'onState' | 'onCatalogue'>) => Connection;
  onState: (link: ServerLink) => void;
  onCatalogue: (link: ServerLink) => void;
  /** Its tools have to leave the conversation, or may come back. */
  onReach: (link: ServerLink) => void;
}

/**
 * One server in one conversation, with one configuration of it: its connection, and the calls that run on
 * it. After `retire` it says nothing more, and ends when its last call has ended.
 */
export class ServerLink {
  readonly server: SnapshotServer;
  readonly #options: ServerLinkOptions;
  #connection: Connection | null = null;
  /** The credential, once it is opened; null when there is none to open. */
  readonly #credential: Promise<Credential | null>;
  /** The tools as they were when somebody was last told of them. */
  #knownTools: readonly CatalogueTool[];
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

  /** Why the server cannot be used at the moment; null while it can, or may. */
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

  /** What this connection listed; null before the first list. */
  get catalogue(): Catalogue | null {
    return this.#connection?.catalogue ?? null;
  }

  /** The tools of it. */
  get liveTools(): readonly CatalogueTool[] | null {
    return this.catalogue?.tools ?? null;
  }

  /**
   * Calls a tool of the server; what becomes of a call while the server is down, the connection decides.
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

  /** Dials at once where the link waits for a better time or for a credential; what it kept is forgotten. */
  tryNow(): void {
    if (this.#state.name !== 'waiting' && this.#state.name !== 'needs_credentials') return;
    this.#options.cache.forget(this.server.id);
    this.#connection?.wake();
  }

  /** Ends the link when the calls that run on it have ended, at the latest after the time-out of a call. */
  async retire(): Promise<void> {
    this.#retired = true;
    this.#options.cache.forget(this.server.id);
    const patience = new AbortController();
    await Promise.race([
      Promise.allSettled(this.#running),
      pause(this.server.call_timeout_ms, patience.signal),
    ]);
    patience.abort();
    await this.close();
  }

  /** Ends the link now; calls that run on it fail with `cancelled`. */
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
        onCatalogue: ({ tools }) => this.#onCatalogue(tools),
      },
    );
    this.#enter(this.#connection.state);
    return credential;
  }

  #onCatalogue(tools: readonly CatalogueTool[]): void {
    const { changed, removed } = diffCatalogue(this.#knownTools, tools);
    this.#knownTools = tools;
    if (this.#retired) return;
    this.#options.cache.forget(this.server.id, [...changed, ...removed]);
    this.#options.onCatalogue(this);
  }

  #enter(entered: LinkState): void {
    if (this.#state.name === 'closed') return;
    // That Patchbay puts an attempt off makes no server look down.
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
    if (wasWithdrawn && !this.isWithdrawn) this.#options.onReach(this);
  }

  #watchGrace(): void {
    clearTimeout(this.#graceTimer);
    const leftMs = graceLeftMs(this.#outage, performance.now());
    if (!leftMs) return;
    // A timer may ring a little early: it looks again.
    this.#graceTimer = setTimeout(() => {
      if (this.isWithdrawn) this.#options.onReach(this);
      else this.#watchGrace();
    }, leftMs).unref();
  }

  /** An answer that the user allowed to keep may come from the cache, also while the server is away. */
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
    const connection = await this.#whenOpened(timeoutMs, options.signal);
    const leftMs = Math.max(1, timeoutMs - (performance.now() - startedAtMs));
    return connection.call(tool, args, { ...options, timeoutMs: leftMs });
  }

  /** The connection, once the credential is opened. */
  async #whenOpened(timeoutMs: number, signal: AbortSignal | undefined): Promise<Connection> {
    const patience = AbortSignal.timeout(timeoutMs);
    const either = signal ? AbortSignal.any([signal, patience]) : patience;
    await settleOrAbort(this.#credential, either).catch((cause: unknown) => {
      throw new AppError(signal?.aborted ? 'cancelled' : 'timeout', { cause });
    });
    const state = this.#state;
    if (state.name === 'closed') throw new AppError('tool_not_found');
    if (this.#connection) return this.#connection;
    throw state.name === 'needs_credentials' ? state.error : new AppError('tool_not_found');
  }
}
