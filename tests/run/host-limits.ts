import postgres from 'postgres';
import type { Stack } from '../../local/stack/stack-file.ts';

/** More than any run makes. */
const UNLIMITED = 1_000_000;

/**
 * Lifts the limits on requests to one host, until disposed: all servers of the end-to-end tests are on 127.0.0.1, and a
 * fast machine makes more requests to it than one host may get in a minute. The hostile suite runs with the limits.
 */
export async function liftHostLimits(stack: Stack): Promise<AsyncDisposable> {
  const sql = postgres(stack.database_url ?? '', { max: 1, onnotice: () => undefined });
  const limits = await sql<{ name: string; allowed: number }[]>`
    select name, allowed from public.limits where name like 'host_requests%'`;
  await sql`update public.limits set allowed = ${UNLIMITED} where name like 'host_requests%'`;
  return {
    async [Symbol.asyncDispose]() {
      for (const { name, allowed } of limits) {
        await sql`update public.limits set allowed = ${allowed} where name = ${name}`;
      }
      await sql.end();
    },
  };
}
