import postgres, { type Sql } from 'postgres';
import { until } from '../../shared/test/support/listen.ts';
import { runningStack } from '../support/running-stack.ts';

export class Monitor {
  readonly #sql: Sql;

  /** @throws Error without an embedded database: only its superuser may change when a server is due */
  constructor() {
    const { database_url } = runningStack();
    if (database_url === undefined) throw new Error('The attacks need a stack with an embedded database.');
    this.#sql = postgres(database_url, { max: 1, onnotice: () => {} });
  }

  /**
   * Makes a server due, and waits for the health check that the monitor records.
   * @throws Error when none comes in time
   */
  async probe(serverId: string, withinMs = 30_000): Promise<{ ok: boolean }> {
    const sql = this.#sql;
    // Servers confirmed by a conversation or test a moment ago are not probed.
    const [due] = await sql<{ at: Date }[]>`
      update mcp_server_health set due_at = clock_timestamp(), lease_id = null, leased_until = null,
        confirmed_until = null
      where server_id = ${serverId} returning clock_timestamp() as at`;
    if (!due) throw new Error('The monitor knows no such server.');
    let check: { ok: boolean } | undefined;
    const isRecorded = async (): Promise<boolean> => {
      [check] = await sql<{ ok: boolean }[]>`
        select ok from mcp_server_checks where server_id = ${serverId} and checked_at >= ${due.at} limit 1`;
      return check !== undefined;
    };
    await until(isRecorded, 'a health check', withinMs);
    return { ok: check?.ok === true };
  }

  async close(): Promise<void> {
    await this.#sql.end();
  }
}
