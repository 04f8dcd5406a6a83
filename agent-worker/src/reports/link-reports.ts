import { diffCatalog, type Catalog, type CatalogTool } from '@patchbay/shared/engine/tools/catalog';
import { countsForStatus } from '@patchbay/shared/engine/oauth/grant';
import { observe } from './observation.ts';
import type { Reports } from './reports.ts';
import type { ServerLink } from '@patchbay/livekit/servers/server-link';

/** Reports the state of a conversation's servers to the database. */
export class LinkReports {
  readonly #userId: string;
  readonly #reports: Pick<Reports, 'status' | 'catalog'>;
  /** Links whose server has listed its tools. */
  readonly #listed = new WeakSet<ServerLink>();

  /** @param userId the user of the conversation */
  constructor(reports: Pick<Reports, 'status' | 'catalog'>, userId: string) {
    this.#reports = reports;
    this.#userId = userId;
  }

  status(link: ServerLink): void {
    if (countsForStatus(link.server, this.#userId)) this.#reports.status(observe(link, Date.now()));
  }

  /** What goes well is said again from time to time: while it is, no monitor has to look. */
  confirm(links: readonly ServerLink[]): void {
    for (const link of links) if (link.state.name === 'ready') this.status(link);
  }

  /** Reports a list of tools, unless it is the first one, all of it usable, and just as it is stored. */
  catalog(link: ServerLink, { tools, skipped, note }: Catalog): void {
    const { server } = link;
    const isFirst = !this.#listed.has(link);
    this.#listed.add(link);
    // Later lists are news, also one that is again as the link found it stored.
    const isWhole = skipped.length === 0 && note === undefined;
    if (isFirst && isWhole && isSameList(server.tools, tools)) return;
    this.#reports.catalog({
      serverId: server.id,
      configVersion: server.config_version,
      observedAt: new Date().toISOString(),
      tools,
      skipped,
      ...(note !== undefined && { note }),
    });
  }
}

/** Whether the lists have the same tools in the same order. */
function isSameList(before: readonly CatalogTool[], after: readonly CatalogTool[]): boolean {
  const { added, changed, removed } = diffCatalog(before, after);
  return (
    added.length + changed.length + removed.length === 0 &&
    after.every(({ name }, at) => before[at]?.name === name)
  );
}
