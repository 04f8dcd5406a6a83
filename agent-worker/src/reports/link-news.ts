import type { ErrorCode } from '@patchbay/shared/contract/errors';
import { type ActivityFeed, serverActivity } from './activity.ts';
import type { LinkReports } from './link-reports.ts';
import type { Log } from '@patchbay/livekit/log';
import type { ServerLink } from '@patchbay/livekit/servers/server-link';
import { waitingLine } from '@patchbay/livekit/calls/speech';

export interface LinkNewsOptions {
  feed: Pick<ActivityFeed, 'send'>;
  reports: Pick<LinkReports, 'status'>;
  /** Puts a line into the conversation, for the model. */
  tell: (line: string) => void;
  log: Pick<Log, 'warn'>;
}

/** Who hears of the state of a server: the page, the database, and the model where it is the user who has to act. */
export class LinkNews {
  readonly #options: LinkNewsOptions;
  /** What the model was told that a server waits for, by its id; until the server can be used. */
  readonly #told = new Map<string, ErrorCode>();

  constructor(options: LinkNewsOptions) {
    this.#options = options;
  }

  state(link: ServerLink): void {
    const { feed, reports, log } = this.#options;
    const { server, state } = link;
    feed.send(serverActivity(link, state.name));
    reports.status(link);
    if (state.name === 'ready') this.#told.delete(server.id);
    if (!('error' in state)) return;
    log.warn({ server: server.id, state: state.name, code: state.error.code }, 'a server is not usable');
    if (state.name === 'needs_credentials') this.#tellWaiting(link, state.error.code);
  }

  /** Each look at the server finds it so again, which is no news. */
  #tellWaiting({ server }: Pick<ServerLink, 'server'>, code: ErrorCode): void {
    if (this.#told.get(server.id) === code) return;
    this.#told.set(server.id, code);
    this.#options.tell(waitingLine(server, code));
  }
}
