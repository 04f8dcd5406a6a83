import type { Log } from '@patchbay/livekit/log';
import type { ServerLink } from '@patchbay/livekit/servers/server-link';
import { waitingLine } from '@patchbay/livekit/calls/speech';
import type { ErrorCode } from '@patchbay/shared/contract/errors';
import { type ActivityFeed, serverActivity } from './activity.ts';
import type { LinkReports } from './link-reports.ts';

export interface ServerStateNotifierOptions {
  feed: Pick<ActivityFeed, 'send'>;
  reports: Pick<LinkReports, 'status'>;
  /** Adds a line to the conversation, for the model. */
  notify: (line: string) => void;
  log: Pick<Log, 'warn'>;
}

/** Reports the state of servers to the page and the database, and to the model when the user has to act. */
export class ServerStateNotifier {
  readonly #options: ServerStateNotifierOptions;
  /** What the model knows that a server waits for, by server id; until the server is connected. */
  readonly #announced = new Map<string, ErrorCode>();

  constructor(options: ServerStateNotifierOptions) {
    this.#options = options;
  }

  onState(link: ServerLink): void {
    const { feed, reports, log } = this.#options;
    const { server, state } = link;
    feed.send(serverActivity(link, state.name));
    reports.status(link);
    if (state.name === 'ready') this.#announced.delete(server.id);
    if (!('error' in state)) return;
    log.warn({ server: server.id, state: state.name, code: state.error.code }, 'a server is not usable');
    if (state.name === 'needs_credentials') this.#announceWaiting(link, state.error.code);
  }

  /** Each attempt to connect finds the same, which is announced once. */
  #announceWaiting({ server }: Pick<ServerLink, 'server'>, code: ErrorCode): void {
    if (this.#announced.get(server.id) === code) return;
    this.#announced.set(server.id, code);
    this.#options.notify(waitingLine(server, code));
  }
}
