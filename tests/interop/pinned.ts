import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const Versions = z.record(z.string(), z.string());
const Manifest = z.object({ dependencies: Versions });
const file = join(import.meta.dirname, '../package.json');
const { dependencies } = Manifest.parse(JSON.parse(readFileSync(file, 'utf8')));

/**
 * The version of a package that this folder depends on.
 * @throws Error for another package
 */
export function pinnedVersion(name: string): string {
  const version = dependencies[name];
  if (version === undefined) throw new Error(`${name} is not in tests/package.json`);
  return version;
}
