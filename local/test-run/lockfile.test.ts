import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';

const Lockfile = z.object({
  packages: z.record(
    z.string(),
    z.object({ optionalDependencies: z.record(z.string(), z.string()).optional() }),
  ),
});
const file = join(import.meta.dirname, '../../package-lock.json');
const { packages } = Lockfile.parse(JSON.parse(readFileSync(file, 'utf8')));

/** As Node finds a package: in the nearest node_modules, then further up. */
function isLocked(name: string, from: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`]) return true;
    if (folder === '' || !folder.includes('/')) return packages[`node_modules/${name}`] !== undefined;
  }
}

// npm leaves out what a registry does not have for other platforms, and `npm ci` then refuses the whole file.
it('the lockfile names the packages of every platform', () => {
  const missing = Object.entries(packages).flatMap(([place, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isLocked(name, place)),
  );
  expect(missing).toEqual([]);
});
