/** `npm run release:freeze`: records the migrations of the version in package.json as released. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { freeze, readMigrationFiles, readReleased, RELEASED_FILE } from './released.ts';

const ROOT = join(import.meta.dirname, '../..');
const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
try {
  const released = freeze(readReleased(), version, readMigrationFiles());
  writeFileSync(RELEASED_FILE, `${JSON.stringify(released, null, 2)}\n`);
  const added = Object.keys(released.releases.at(-1)?.migrations ?? {});
  console.log(`Froze ${added.length} migrations with ${version}; commit ${relative(ROOT, RELEASED_FILE)}.`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
if (process.connected) process.disconnect();
