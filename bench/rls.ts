import os from 'node:os';
import postgres, { type Sql } from 'postgres';
import { fillDatabase, hotQueries } from '../tests/database/hot-queries.ts';
import { startMigratedDatabase } from '../tests/database/migrated-database.ts';
import type { BenchContext } from './bench.ts';
import { currentLoad, writeResult } from './report.ts';
import { median } from './statistics.ts';

const WORKSPACES = 10_000;
const SERVERS_EACH = 10;
const WARM_UP = 20;
const ROUNDS = 200;

export async function run({ say, signal }: BenchContext): Promise<void> {
  const startedAt = new Date();
  const database = await startMigratedDatabase();
  const open = (): Sql => postgres(database.url, { max: 1, onnotice: () => undefined });
  const [asUser, without] = [open(), open()];
  try {
    say(`filling a database: ${WORKSPACES} workspaces with ${SERVERS_EACH} servers each`);
    const somebody = await fillDatabase(without, { workspaces: WORKSPACES, serversEach: SERVERS_EACH });
    const queries = [];
    for (const { name, statement } of hotQueries(somebody)) {
      // Without policies, the query needs their condition to return the same rows.
      const sameRows = statement.includes('where')
        ? statement
        : statement.replace(
            'order by',
            `where workspace_id = any ((select private.my_workspace_ids())::uuid[]) order by`,
          );
      const samples = { withMs: [] as number[], withoutMs: [] as number[] };
      for (let round = -WARM_UP; round < ROUNDS; round += 1) {
        signal.throwIfAborted();
        // Alternates, so that other load affects both alike.
        const withMs = await timed(asUser, 'authenticated', somebody.userId, statement);
        const withoutMs = await timed(without, 'service_role', somebody.userId, sameRows);
        if (round < 0) continue;
        samples.withMs.push(withMs);
        samples.withoutMs.push(withoutMs);
      }
      const [withMs, withoutMs] = [median(samples.withMs), median(samples.withoutMs)];
      queries.push({ name, withMs, withoutMs, ratio: withMs / withoutMs });
    }

    say(`rls: median of ${ROUNDS} rounds; ${os.availableParallelism()} cores, load ${currentLoad()}`);
    for (const { name, withMs, withoutMs, ratio } of queries) {
      const figures = [`${withMs.toFixed(2)} ms`, `${withoutMs.toFixed(2)} ms`, `${ratio.toFixed(2)} x`];
      say(`  ${name.padEnd(24)}${figures.map((figure) => figure.padStart(12)).join('')}`);
    }
    const worst = Math.max(...queries.map(({ ratio }) => ratio));
    say(`  worst: ${worst.toFixed(2)} x; with policies, without them, and the one by the other`);
    const crowd = { workspaces: WORKSPACES, servers: WORKSPACES * SERVERS_EACH };
    const result = {
      name: 'rls',
      started_at: startedAt.toISOString(),
      crowd,
      rounds: ROUNDS,
      worst,
      queries,
    };
    say(`  ${writeResult(result)}`);
  } finally {
    await Promise.all([asUser, without].map((sql) => sql.end({ timeout: 2 })));
    await database.stop();
  }
}

/** In milliseconds, as PostgREST makes a request: one transaction with role, claims and query. */
async function timed(sql: Sql, role: string, userId: string, statement: string): Promise<number> {
  const claims = JSON.stringify({ role, sub: userId });
  const startedAt = performance.now();
  await sql.begin(async (transaction) => {
    await transaction`
      select set_config('request.jwt.claims', ${claims}, true), set_config('role', ${role}, true)`;
    await transaction.unsafe(statement);
  });
  return performance.now() - startedAt;
}
