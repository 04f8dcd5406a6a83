import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '@patchbay/shared/engine/backoff';
import { pause } from '@patchbay/shared/engine/pause';
import type { SessionSnapshot } from '@patchbay/shared/contract/schema/snapshot';
import type { Log } from '../log.ts';
import { plan } from './plan.ts';
import type { ServerLink } from './server-link.ts';
import type { ServerLinks } from './server-links.ts';
import {
  type ServerTools,
  type ToolSet,
  buildToolSet,
  forRole,
  prepareToolSet,
  sameTools,
  wantedTools,
} from '../tools/tool-set.ts';

/** What may wake the loop. */
export type WakeReason =
  /** The database announced a change. */
  | 'hint'
  /** The hints topic was joined, so hints may have been missed. */
  | 'rejoin'
  /** The periodic resync, in case a hint was lost; sooner after a failed read. */
  | 'timer'
  /** A link has other tools; the database need not be read. */
  | 'connection'
  /** A participant joined the room. */
  | 'user'
  | 'shutdown';

const RESYNC_MS = 30_000;
const FIRST_RETRY_MS = 500;
const FIRST_TOOLS_WITHIN_MS = 1_000;

export interface ReconcilerOptions {
  /** Reads the desired state; null when the session has ended. */
  load: () => Promise<SessionSnapshot | null>;
  links: Pick<ServerLinks, 'actual' | 'apply'> & {
    of: (serverId: string) => Pick<ServerLink, 'liveTools' | 'isWithdrawn'> | undefined;
  };
  publish: (set: ToolSet) => void;
  onSnapshot: (snapshot: SessionSnapshot) => void;
  /** The session was ended elsewhere, or the user lost access to it. */
  onSessionEnded: () => void;
  log: Pick<Log, 'warn' | 'error'>;
  resyncMs?: number;
}

/**
 * Keeps one conversation in its desired state. Events only wake the loop, which reads and applies the state, one pass at
 * a time.
 */
export class Reconciler {
  readonly #options: Required<ReconcilerOptions>;
  readonly #firstPublished = Promise.withResolvers<void>();
  /** From the last successful read. */
  #snapshot: SessionSnapshot | null = null;
  readonly #reasons = new Set<WakeReason>();
  #sleep = new AbortController();
  #stopped = false;
  #failures = 0;

  constructor(options: ReconcilerOptions) {
    this.#options = { resyncMs: RESYNC_MS, ...options };
  }

  /** Resolves when the first tools are published, or after a second. */
  async firstTools(): Promise<void> {
    await Promise.race([this.#firstPublished.promise, delay(FIRST_TOOLS_WITHIN_MS)]);
  }

  /** Whether a set is the desired one, by the last read. */
  isSettled(set: ToolSet): boolean {
    return this.#snapshot !== null && sameTools(wantedTools(set), wantedTools(this.#toolsOf(this.#snapshot)));
  }

  wake(reason: WakeReason): void {
    if (reason === 'shutdown') this.#stopped = true;
    this.#reasons.add(reason);
    this.#sleep.abort();
  }

  /** Runs until `shutdown` or the end of the session. */
  async run(): Promise<void> {
    // The first read covers earlier wakes.
    this.#reasons.clear();
    for (let isReadDue = true; !this.#stopped; isReadDue = await this.#awaitWork()) {
      if (isReadDue) {
        const snapshot = await this.#readDesired();
        if (this.#stopped) return;
        if (snapshot === null) return this.#options.onSessionEnded();
        if (snapshot) {
          this.#snapshot = snapshot;
          this.#options.onSnapshot(snapshot);
        }
      }
      if (this.#snapshot) await this.#apply(this.#snapshot);
    }
  }

  async #apply(snapshot: SessionSnapshot): Promise<void> {
    const { servers } = snapshot;
    const { links, publish, log } = this.#options;
    const desired = servers.map(({ id, config_version, credential_id }) => ({
      id,
      configVersion: config_version,
      credentialId: credential_id,
    }));
    try {
      links.apply(plan(desired, links.actual), servers);
      await prepareToolSet(this.#serverTools(servers));
      if (this.#stopped) return;
      publish(this.#toolsOf(snapshot));
      this.#firstPublished.resolve();
    } catch (error) {
      // The loop is what keeps the conversation right: it must not end over one bad pass.
      log.error({ error }, 'a pass failed');
    }
  }

  #toolsOf({ servers, session }: SessionSnapshot): ToolSet {
    return forRole(buildToolSet(this.#serverTools(servers)), session.role);
  }

  #serverTools(servers: SessionSnapshot['servers']): ServerTools[] {
    return servers.map((server) => {
      const link = this.#options.links.of(server.id);
      return { server, live: link?.liveTools ?? null, isWithdrawn: link?.isWithdrawn ?? false };
    });
  }

  /** The desired state; undefined when it could not be read, so nothing changes. */
  async #readDesired(): Promise<SessionSnapshot | null | undefined> {
    try {
      const snapshot = await this.#options.load();
      this.#failures = 0;
      return snapshot;
    } catch (error) {
      this.#failures += 1;
      this.#options.log.warn({ error, failures: this.#failures }, 'the desired state could not be read');
      return undefined;
    }
  }

  /** Waits to be woken. @returns whether the desired state has to be read */
  async #awaitWork(): Promise<boolean> {
    if (this.#reasons.size === 0) {
      this.#sleep = new AbortController();
      const { resyncMs } = this.#options;
      const waitMs = this.#failures ? backoffMs(this.#failures, FIRST_RETRY_MS, resyncMs) : resyncMs;
      const wokenByTimer = await pause(waitMs, this.#sleep.signal);
      if (wokenByTimer) this.#reasons.add('timer');
    }
    const isReadDue = [...this.#reasons].some((reason) => reason !== 'connection');
    this.#reasons.clear();
    return isReadDue;
  }
}
