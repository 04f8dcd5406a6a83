import type { Sql } from 'postgres';

const EVERY_MS = 10 * 60_000;

/**
 * Stands in for pg_cron, which the embedded Postgres lacks: lets the database end its old history, now and every
 * few minutes. A database without that function (other migrations than ours) is left alone.
 * @returns how to stop
 */
export async function startPruning(
  sql: Sql,
  log: (line: string) => void,
  everyMs = EVERY_MS,
): Promise<() => void> {
  async function prune(): Promise<void> {
    try {
      const [found] = await sql<{ exists: boolean }[]>`
        select to_regprocedure('private.prune_history()') is not null as exists`;
      if (found?.exists) await sql`select private.prune_history()`;
    } catch (error) {
      log(`old history could not be pruned: ${String(error)}`);
    }
  }
  await prune();
  const timer = setInterval(() => void prune(), everyMs).unref();
  return () => clearInterval(timer);
}
