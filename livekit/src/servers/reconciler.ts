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

/** Everything that may wake the loop. */
export type WakeReason =
  /** The database said that something changed. */
  | 'hint'
  /** The topic of hints was joined, for the first time or again: some may have been missed. */
  | 'rejoin'
  /** The slow look, in case a hint was lost; sooner after a look that failed. */
  | 'timer'
  /** A link found other tools: nothing that the database would know better. */
  | 'connection'
  /** Somebody came into the room, or came back. */
  | 'user'
  | 'shutdown';

const LOOK_AGAIN_MS = 30_000;
const FIRST_RETRY_MS = 500;
const FIRST_TOOLS_WITHIN_MS = 1_000;

export interface ReconcilerOptions {
  /** The desired state; null when the conversation is over. */
  load: () => Promise<SessionSnapshot | null>;
  links: Pick<ServerLinks, 'actual' | 'apply'> & {
    of: (serverId: string) => Pick<ServerLink, 'liveTools' | 'isWithdrawn'> | undefined;
  };
  publish: (set: ToolSet) => void;
  onSnapshot: (snapshot: SessionSnapshot) => void;
  /** The desired state is gone: ended elsewhere, or the user may not have it any more. */
  onGone: () => void;
  log: Pick<Log, 'warn' | 'error'>;
  lookAgainMs?: number;
}

/**
 * Brings one conversation to its desired state, again and again: events only wake it, the loop looks and
 * acts. One pass at a time; what comes during a pass is one more pass.
 */
export class Reconciler {
  readonly #options: Required<ReconcilerOptions>;
  readonly #begun = Promise.withResolvers<void>();
  /** From the last look that succeeded. */
  #snapshot: SessionSnapshot | null = null;
  readonly #reasons = new Set<WakeReason>();
  #alarm = new AbortController();
  #stopped = false;
  #failures = 0;

  constructor(options: ReconcilerOptions) {
    this.#options = { lookAgainMs: LOOK_AGAIN_MS, ...options };
  }

  /** Resolves when the first tools are published, or after a second: nobody waits for them longer than that. */
  async firstTools(): Promise<void> {
    await Promise.race([this.#begun.promise, delay(FIRST_TOOLS_WITHIN_MS)]);
  }

  /** Whether a set is the one that the conversation should have, by the last look; none is before the first. */
  isSettled(set: ToolSet): boolean {
    return this.#snapshot !== null && sameTools(wantedTools(set), wantedTools(this.#toolsOf(this.#snapshot)));
  }

  wake(reason: WakeReason): void {
    if (reason === 'shutdown') this.#stopped = true;
    this.#reasons.add(reason);
    this.#alarm.abort();
  }

  /** Runs until it is woken by `shutdown`, or until the desired state is gone. */
  async run(): Promise<void> {
    // What woke it before the first look is seen by it.
    this.#reasons.clear();
    for (let isLookDue = true; !this.#stopped; isLookDue = await this.#awaitWork()) {
      if (isLookDue) {
        const snapshot = await this.#look();
        if (this.#stopped) return;
        if (snapshot === null) return this.#options.onGone();
        if (snapshot) {
          this.#snapshot = snapshot;
          this.#options.onSnapshot(snapshot);
        }
      }
      if (this.#snapshot) await this.#act(this.#snapshot);
    }
  }

  async #act(snapshot: SessionSnapshot): Promise<void> {
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
      this.#begun.resolve();
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
      return { server, live: link?.liveTools ?? null, isAway: link?.isWithdrawn ?? false };
    });
  }

  /** The desired state; undefined when it could not be read, which leaves everything as it is. */
  async #look(): Promise<SessionSnapshot | null | undefined> {
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

  /** Until it is woken; whether the desired state may be another one. */
  async #awaitWork(): Promise<boolean> {
    if (this.#reasons.size === 0) {
      this.#alarm = new AbortController();
      const { lookAgainMs } = this.#options;
      const waitMs = this.#failures ? backoffMs(this.#failures, FIRST_RETRY_MS, lookAgainMs) : lookAgainMs;
      const wokenByTimer = await pause(waitMs, this.#alarm.signal);
      if (wokenByTimer) this.#reasons.add('timer');
    }
    const isLookDue = [...this.#reasons].some((reason) => reason !== 'connection');
    this.#reasons.clear();
    return isLookDue;
  }
}
