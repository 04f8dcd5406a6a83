import type { Sql } from 'postgres';

const EVERY_MS = 10 * 60_000;

/**
 * Stands in for pg_cron, which the embedded Postgres lacks: prunes old history now and every few minutes, if the database
 * has the function for it.
 * @returns stops it
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
      log(`Couldn't prune old history: ${String(error)}`);
    }
  }
  await prune();
  const timer = setInterval(() => void prune(), everyMs).unref();
  return () => clearInterval(timer);
}
