import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';

const Lockfile = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
});
const file = join(import.meta.dirname, '../../package-lock.json');
const { packages } = Lockfile.parse(JSON.parse(readFileSync(file, 'utf8')));

/** As Node finds a package: in the nearest node_modules, then further up. */
function lockedVersion(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const found = packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`];
    if (found) return found.version;
    if (folder === '' || !folder.includes('/')) return packages[`node_modules/${name}`]?.version;
  }
}

/** An exact version must be met; of a range this says only that something is there. */
const isMet = (wanted: string, version: string | undefined): boolean =>
  version !== undefined && (!/^\d+\.\d+\.\d+$/.test(wanted) || version === wanted);

// npm leaves out what a registry does not have for other platforms, and `npm ci` then refuses the whole file.
it('the lockfile names the packages of every platform, for each of two versions of the same package', () => {
  const missing = Object.entries(packages).flatMap(([place, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name, wanted]) => !isMet(wanted, lockedVersion(name, place)))
      .map(([name, wanted]) => `${name}@${wanted} of ${place}`),
  );
  expect(missing).toEqual([]);
});
