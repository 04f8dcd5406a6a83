import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const LockedPackage = z.looseObject({
  /** Set if an alias gives the folder another name. */
  name: z.string().optional(),
  version: z.string().optional(),
  integrity: z.string().optional(),
  link: z.boolean().optional(),
  hasInstallScript: z.boolean().optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
export type LockedPackage = z.infer<typeof LockedPackage>;
const Lockfile = z.looseObject({ packages: z.record(z.string(), LockedPackage) });
export type Lockfile = z.infer<typeof Lockfile>;

export const LOCKFILE = join(import.meta.dirname, '../../package-lock.json');

/** As npm wrote it, with the keys in its order. @throws ZodError where it is no lockfile */
export function readLockfile(): Lockfile {
  const lockfile: unknown = JSON.parse(readFileSync(LOCKFILE, 'utf8'));
  Lockfile.parse(lockfile);
  return lockfile as Lockfile;
}

/** The name by which a registry knows a package. `place` is its key, such as `node_modules/a/node_modules/b`. */
export function registryName(place: string, { name }: LockedPackage): string {
  return name ?? place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** The packages that come from a registry, each as `[place, entry]`. */
export function registryPackages({ packages }: Lockfile): [string, LockedPackage][] {
  return Object.entries(packages).filter(([place, { link }]) => place.includes('node_modules/') && !link);
}

/** `name@version` of each package that npm would install without comparing it with a hash, once each, sorted. */
export function packagesWithoutHash(lockfile: Lockfile): string[] {
  const without = registryPackages(lockfile).filter(([, { integrity }]) => !integrity);
  return [
    ...new Set(without.map(([place, entry]) => `${registryName(place, entry)}@${entry.version}`)),
  ].sort();
}
