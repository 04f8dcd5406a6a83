import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { startSessionServer, type SessionServer } from '../../../shared/test/support/session-server.ts';
import { openHealthProject, type HealthProject } from './project.ts';

/** How many times as fast as usual servers are looked at. */
export const SPEED = 60;
export const PATIENCE = { timeout: 120_000, interval: 100 };

type SessionServerOptions = Parameters<typeof startSessionServer>[0];

export class HealthScenario {
  readonly project: HealthProject;
  /** Run in reverse order. */
  readonly endings: (() => Promise<unknown>)[] = [];
  workspace = '';

  constructor(project: HealthProject) {
    this.project = project;
  }

  static async open(): Promise<HealthScenario> {
    return new HealthScenario(await openHealthProject());
  }

  /** A workspace that somebody looks at. */
  async beginWithoutMonitor(): Promise<void> {
    this.workspace = await this.project.addWorkspace();
    await this.project.watch(this.workspace);
  }

  /** The same, with a monitor. @param more of its environment */
  async begin(more: Record<string, string> = {}): Promise<void> {
    await this.beginWithoutMonitor();
    const monitor = this.project.startMonitor(SPEED, more);
    this.endings.push(() => this.project.stopMonitor(monitor, 'SIGTERM'));
  }

  /** Ends what the test began. */
  async end(): Promise<void> {
    for (const end of this.endings.splice(0).reverse()) await end();
    await this.project.sql`delete from mcp_servers`;
    await this.project.sql`delete from notice_webhooks`;
  }

  /** A server without a fault yet. */
  async working(options: SessionServerOptions = {}): Promise<SessionServer> {
    const server = await startSessionServer(options);
    this.endings.push(() => server.stop());
    return server;
  }

  add(url: string, more: Record<string, string> = {}): Promise<string> {
    return this.project.addServer(this.workspace, url, more);
  }

  /** Status and error code, as the page shows them. */
  async shownOf(id: string): Promise<string> {
    const [row] = await this.project.sql<{ status: string; code: string | null }[]>`
      select connection_status as status, error_code as code from mcp_servers where id = ${id}`;
    return [row?.status, row?.code].filter(Boolean).join(' ');
  }

  shows(id: string, what: string): Promise<void> {
    return becomes(
      () => this.shownOf(id),
      (shown) => shown === what,
      what,
    );
  }

  /** Kinds, the oldest first. */
  async noticesOf(id: string): Promise<string[]> {
    const rows = await this.project.sql<{ kind: string }[]>`
      select kind from notices where server_id = ${id} order by created_at`;
    return rows.map(({ kind }) => kind);
  }

  waitForNotices(id: string, kinds: string[]): Promise<void> {
    return becomes(
      () => this.noticesOf(id),
      (sent) => isDeepStrictEqual(sent, kinds),
      kinds,
    );
  }

  /** Whether each check went well, the oldest first: the bar of the page. */
  async checksOf(id: string): Promise<boolean[]> {
    const rows = await this.project.sql<{ ok: boolean }[]>`
      select ok from mcp_server_checks where server_id = ${id} order by checked_at`;
    return rows.map(({ ok }) => ok);
  }

  /** Waits until it was looked at so many times more. */
  async waitForProbes(id: string, times: number): Promise<void> {
    const before = (await this.checksOf(id)).length;
    await becomes(
      () => this.checksOf(id),
      (checks) => checks.length >= before + times,
      `${before + times} checks`,
    );
  }
}

/** expect.poll is not usable in concurrent tests. */
async function becomes<T>(look: () => Promise<T>, isIt: (seen: T) => boolean, what: unknown): Promise<void> {
  for (const until = Date.now() + PATIENCE.timeout; ; await sleep(PATIENCE.interval)) {
    const seen = await look();
    if (isIt(seen)) return;
    if (Date.now() > until) throw new Error(`${JSON.stringify(seen)} did not become ${JSON.stringify(what)}`);
  }
}
