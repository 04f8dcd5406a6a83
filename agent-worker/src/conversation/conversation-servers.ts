import { HostConnects } from '@patchbay/livekit/servers/host-connects';
import { Reconciler, type WakeReason } from '@patchbay/livekit/servers/reconciler';
import type { ServerLink, ServerLinkOptions } from '@patchbay/livekit/servers/server-link';
import { ServerLinks } from '@patchbay/livekit/servers/server-links';
import type { Log } from '@patchbay/livekit/log';
import type { SessionSnapshot } from '@patchbay/shared/contract/schema/snapshot';
import { hostRequestCounter } from '@patchbay/shared/engine/outgoing/host-admission';
import { openConnection } from '@patchbay/shared/engine/session/open-connection';
import type { Database } from '../database.ts';
import type { Environment } from '../environment.ts';
import { type ActivityFeed, serverActivity } from '../reports/activity.ts';
import type { LinkReports } from '../reports/link-reports.ts';
import { ServerStateNotifier } from '../reports/server-state-notifier.ts';
import type { ConversationTools } from './conversation-tools.ts';

export interface ConversationServersOptions {
  session: Pick<SessionSnapshot['session'], 'id' | 'workspace_id'>;
  policy: Environment['PATCHBAY_ADDRESS_POLICY'];
  database: Pick<Database, 'snapshot' | 'serviceRpc'>;
  credentialOf: ServerLinkOptions['credentialOf'];
  tools: Pick<ConversationTools, 'cache' | 'offer' | 'current' | 'activity'>;
  feed: Pick<ActivityFeed, 'send'>;
  reports: LinkReports;
  /** Adds a line to the conversation, for the model. */
  notify: (line: string) => void;
  onSnapshot: (snapshot: SessionSnapshot) => void;
  /** The session was ended elsewhere, or the user lost access to it. */
  onSessionEnded: () => void;
  log: Log;
}

/** The servers of one conversation: connects to those that the database has, and offers their tools. */
export class ConversationServers {
  readonly #options: ConversationServersOptions;
  readonly #links: ServerLinks;
  readonly #reconciler: Reconciler;

  constructor(options: ConversationServersOptions) {
    const { session, policy, database, credentialOf, tools, feed, reports, notify, log } = options;
    this.#options = options;
    const notifier = new ServerStateNotifier({ feed, reports, notify, log });
    const connects = new HostConnects(
      hostRequestCounter(database.serviceRpc, { p_workspace_id: session.workspace_id }),
    );
    this.#links = new ServerLinks({
      cache: tools.cache,
      credentialOf,
      open: (target, events) => openConnection(target, { policy, admit: connects.admit, ...events }),
      onState: (link) => notifier.onState(link),
      onCatalog: (link) => this.#onCatalog(link),
      onAvailability: () => this.wake('connection'),
      onRemoved: (link) => feed.send(serverActivity(link, 'closed')),
    });
    this.#reconciler = new Reconciler({
      load: () => database.snapshot(session.id),
      links: this.#links,
      publish: (set) => tools.offer(set),
      onSnapshot: (snapshot) => {
        reports.confirm(this.#links.all());
        options.onSnapshot(snapshot);
      },
      onSessionEnded: options.onSessionEnded,
      log,
    });
  }

  /** Reconciles until the end of the conversation. */
  run(): Promise<void> {
    return this.#reconciler.run();
  }

  wake(reason: WakeReason): void {
    this.#reconciler.wake(reason);
  }

  /** Resolves when the first tools are offered, or after a second. */
  firstTools(): Promise<void> {
    return this.#reconciler.firstTools();
  }

  linkOf(serverId: string): ServerLink | undefined {
    return this.#links.of(serverId);
  }

  /** Sends the current tools and server states to someone who joins. */
  sendState(): void {
    const { tools, feed } = this.#options;
    feed.send(tools.activity(this.#reconciler.isSettled(tools.current)));
    for (const link of this.#links.all()) feed.send(serverActivity(link, link.state.name));
  }

  /** Ends all connections; calls that run are recorded as canceled. */
  close(): Promise<void> {
    return this.#links.close();
  }

  #onCatalog(link: ServerLink): void {
    this.wake('connection');
    if (link.catalog) this.#options.reports.catalog(link, link.catalog);
  }
}
