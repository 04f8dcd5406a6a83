import type { SnapshotServer } from '@patchbay/shared/contract/schema/snapshot';
import { type Action, type Configured } from './plan.ts';
import { ServerLink, type ServerLinkOptions } from './server-link.ts';

export interface ServerLinksOptions extends Omit<ServerLinkOptions, 'server'> {
  /** The server was removed from the conversation. */
  onRemoved: (link: ServerLink) => void;
}

/** One link for each server of a conversation. */
export class ServerLinks {
  readonly #options: ServerLinksOptions;
  readonly #links = new Map<string, ServerLink>();
  readonly #retiring = new Set<ServerLink>();

  constructor(options: ServerLinksOptions) {
    this.#options = options;
  }

  /** The current links, for `plan`. */
  get actual(): Configured[] {
    return [...this.#links.values()].map(({ server }) => ({
      id: server.id,
      configVersion: server.config_version,
      credentialId: server.credential_id,
    }));
  }

  /** The link of a server; undefined when it is not in the conversation. */
  of(serverId: string): ServerLink | undefined {
    return this.#links.get(serverId);
  }

  all(): ServerLink[] {
    return [...this.#links.values()];
  }

  /** Applies actions; returns at once, connections open in the background. */
  apply(actions: readonly Action[], servers: readonly SnapshotServer[]): void {
    for (const action of actions) {
      const old = this.#links.get(action.serverId);
      if (old) {
        this.#links.delete(action.serverId);
        this.#retire(old);
        if (action.do === 'close') this.#options.onRemoved(old);
      }
      const server = servers.find(({ id }) => id === action.serverId);
      if (action.do !== 'close' && server)
        this.#links.set(server.id, new ServerLink({ ...this.#options, server }));
    }
  }

  /** Ends all links now. */
  async close(): Promise<void> {
    const links = [...this.#links.values(), ...this.#retiring];
    this.#links.clear();
    await Promise.all(links.map((link) => link.close()));
  }

  #retire(link: ServerLink): void {
    this.#retiring.add(link);
    void link.retire().finally(() => this.#retiring.delete(link));
  }
}
