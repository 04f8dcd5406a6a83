import type { AddressPolicy } from '../outgoing/address-policy.ts';
import type { Catalog } from '../tools/catalog.ts';
import type { ConnectionState } from './machine.ts';
import type { CallResult } from '../calls/result.ts';
import type { Elicit } from './session.ts';
import type { ServerTarget } from './target.ts';

/** What a live connection learned about its server. */
export interface ConnectionFacts {
  protocolVersion: string | null;
  /** 'legacy' = sessions and initialize (up to 2025-11-25); 'modern' = 2026-07-28. */
  era: 'legacy' | 'modern' | null;
  serverInfo: Record<string, unknown> | null;
  capabilities: Record<string, unknown> | null;
  instructions: string | null;
  /** Time of the last connect until the server was initialized. */
  latencyMs: number | null;
  /** Wall clock, ms since 1970, when the connection last became ready. */
  lastReadyAtMs: number | null;
}

export type Admit = <T>(work: () => Promise<T>, isAsked: boolean) => Promise<T>;

export interface ConnectionOptions {
  policy: AddressPolicy;
  /** Called with each new state but the first; must not throw. */
  onState?: (state: ConnectionState, connection: Connection) => void;
  /** Called with the first list of tools and with each that differs from the one before; must not throw. */
  onCatalog?: (catalog: Catalog, connection: Connection) => void;
  /** Asks the user what the server requests; without it, the client does not declare elicitation. */
  elicit?: Elicit;
  /**
   * Runs an attempt to connect, or rejects with `host_busy` when it has to wait; without it none waits.
   * `isAsked`: a call waits for the connection.
   */
  admit?: Admit;
  /** Wall clock in milliseconds. */
  now?: () => number;
  /** 0 to below 1, for the jitter. */
  random?: () => number;
}

export interface CallProgress {
  progress: number;
  total?: number;
  message?: string;
}

export interface CallOptions {
  /** Cancels the tool call and notifies the server. */
  signal?: AbortSignal;
  /**
   * Whole time of the call with its waiting; default: the target's `callTimeoutMs`. Each report of progress
   * gives it the same time again, up to ten times as much and ten minutes.
   */
  timeoutMs?: number;
  onProgress?: (progress: CallProgress) => void;
  /** The call may be sent a second time when its fate is unknown (read-only or idempotent tool). */
  repeatable?: boolean;
  /** On whose behalf; places in the queue are shared fairly between callers. */
  caller?: string;
  /** Called once when the tool call leaves the queue, with its wait in milliseconds. */
  onDequeued?: (queueMs: number) => void;
}

/** One connection to one server, which keeps itself alive until it is closed. */
export interface Connection {
  readonly target: ServerTarget;
  readonly state: ConnectionState;
  readonly facts: ConnectionFacts;
  /** The last known tools; null before the first listing. */
  readonly catalog: Catalog | null;
  /**
   * Calls a tool. Waits for a free place and for the connection up to the timeout; a connection that waits
   * for its next attempt makes one for this call: now, or as soon as the circuit breaker lets it. A server that
   * cannot be reached then, or for two seconds, fails the call with the reason.
   * A call whose session was lost before the server took it is sent once more, on a new session.
   * @throws AppError `timeout`, `cancelled`, `connection_lost`, `queue_full`, `tool_not_found`, `invalid_arguments`,
   * `unauthorized`, `protocol_error`, ...; a tool that fails by itself is a result with `isError`
   */
  call(tool: string, args: Record<string, unknown>, options?: CallOptions): Promise<CallResult>;
  /** For the user's "reconnect": forgets back-off and circuit breaker, and tries now. */
  wake(): void;
  /** Fails the calls in flight with `cancelled`, ends the session on the server, frees everything; never rejects. */
  close(): Promise<void>;
}
