import { setTimeout as delay } from 'node:timers/promises';
import type { SessionSnapshot } from '@patchbay/shared/schema/snapshot';
import type { Log } from './log.ts';
import { plan } from './plan.ts';
import type { ServerLink } from './server-link.ts';
import type { ServerLinks } from './server-links.ts';
import { type ToolSet, buildToolSet } from './tool-set.ts';

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

export interface ReconcilerOptions {
  /** The desired state; null when the conversation is over. */
  load: () => Promise<SessionSnapshot | null>;
  links: Pick<ServerLinks, 'actual' | 'apply'> & {
    of: (serverId: string) => Pick<ServerLink, 'liveTools' | 'isGone'> | undefined;
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
  #snapshot: SessionSnapshot;
  readonly #reasons = new Set<WakeReason>();
  #alarm = new AbortController();
  #stopped = false;
  #failures = 0;

  /** @param snapshot the first desired state, already loaded */
  constructor(snapshot: SessionSnapshot, options: ReconcilerOptions) {
    this.#options = { lookAgainMs: LOOK_AGAIN_MS, ...options };
    this.#snapshot = snapshot;
  }

  /** The tools that the conversation should have, from the last look. */
  toolSet(): ToolSet {
    return buildToolSet(
      this.#snapshot.servers.map((server) => {
        const link = this.#options.links.of(server.id);
        return { server, live: link?.liveTools ?? null, isAway: link?.isGone ?? false };
      }),
    );
  }

  wake(reason: WakeReason): void {
    if (reason === 'shutdown') this.#stopped = true;
    this.#reasons.add(reason);
    this.#alarm.abort();
  }

  /** Runs until it is woken by `shutdown`, or until the desired state is gone. */
  async run(): Promise<void> {
    // The first pass needs no look: its desired state is loaded.
    if (!this.#stopped) this.#act();
    while (!this.#stopped) {
      const reasons = await this.#awaitReasons();
      if (this.#stopped) return;
      if (reasons.some((reason) => reason !== 'connection')) {
        const snapshot = await this.#look();
        if (this.#stopped) return;
        if (snapshot === null) return this.#options.onGone();
        if (snapshot) {
          this.#snapshot = snapshot;
          this.#options.onSnapshot(snapshot);
        }
      }
      this.#act();
    }
  }

  #act(): void {
    const { links, publish, log } = this.#options;
    const { servers } = this.#snapshot;
    const desired = servers.map(({ id, config_version, credential_id }) => ({
      id,
      configVersion: config_version,
      credentialId: credential_id,
    }));
    try {
      links.apply(plan(desired, links.actual), servers);
      publish(this.toolSet());
    } catch (error) {
      // The loop is what keeps the conversation right: it must not end over one bad pass.
      log.error({ error }, 'a pass failed');
    }
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

  async #awaitReasons(): Promise<WakeReason[]> {
    if (this.#reasons.size === 0) {
      this.#alarm = new AbortController();
      const retryMs = FIRST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 10);
      const waitMs = this.#failures
        ? Math.min(retryMs, this.#options.lookAgainMs)
        : this.#options.lookAgainMs;
      const wokenByTimer = await delay(waitMs, true, { signal: this.#alarm.signal }).catch(() => false);
      if (wokenByTimer) this.#reasons.add('timer');
    }
    const reasons = [...this.#reasons];
    this.#reasons.clear();
    return reasons;
  }
}
