/** `npm run db:diff -- <url>` (default: the running stack's) exits with 1 if a database differs from the migrations. */
import { DEFAULT_DATA_DIR } from '../../local/stack/supervisor.ts';
import { readStack } from '../../local/stack/stack-file.ts';
import { findDifferences } from './differences.ts';
import { startMigratedDatabase } from '../../tests/database/migrated-database.ts';

const WORDS = { missing: 'missing  ', unknown: 'too much ', different: 'different' } as const;

const databaseUrl = process.argv[2] ?? readStack(DEFAULT_DATA_DIR)?.database_url;
if (databaseUrl === undefined) {
  console.error('Name a database, postgresql://…, or start the local one with npm start.');
  process.exitCode = 2;
} else {
  const expected = await startMigratedDatabase();
  try {
    const differences = await findDifferences(databaseUrl, expected.url);
    for (const { verdict, what } of differences) console.log(`${WORDS[verdict]}  ${what}`);
    if (differences.length === 0) console.log('The database is what the migrations make.');
    else process.exitCode = 1;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  } finally {
    await expected.stop();
  }
}
if (process.connected) process.disconnect();
