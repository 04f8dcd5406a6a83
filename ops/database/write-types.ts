/** `npm run db:types`: writes the types of the database that the migrations make. */
import { writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { startMigratedDatabase } from '../../tests/database/migrated-database.ts';
import { generateTypes, TYPES_FILE } from './types.ts';

const database = await startMigratedDatabase();
try {
  await writeFile(TYPES_FILE, await generateTypes(database.url));
  console.log(`wrote ${relative(resolve(import.meta.dirname, '../..'), TYPES_FILE)}`);
} finally {
  await database.stop();
}
if (process.connected) process.disconnect();
