/** `npm run api:describe`: writes docs/openapi.json. */
import { writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { startMigratedDatabase } from '../../tests/database/migrated-database.ts';
import { describeApi, DOCUMENT_FILE } from './document.ts';

const database = await startMigratedDatabase();
try {
  await writeFile(DOCUMENT_FILE, await describeApi(database.url));
  console.log(`wrote ${relative(resolve(import.meta.dirname, '../..'), DOCUMENT_FILE)}`);
} finally {
  await database.stop();
}
if (process.connected) process.disconnect();
