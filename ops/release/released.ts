/** Databases hold what released migrations made, so these never change: later changes are new migrations. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const Version = z.string().regex(/^\d+\.\d+\.\d+$/);
const Release = z.strictObject({
  version: Version,
  /** SHA-256 by file name. */
  migrations: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)),
});
/** Oldest release first. */
export const Released = z.strictObject({ releases: z.array(Release) });
export type Released = z.infer<typeof Released>;

export type Migrations = Record<string, string>;

const SUPABASE = join(import.meta.dirname, '../../supabase');
export const RELEASED_FILE = join(SUPABASE, 'released.json');
const MIGRATIONS_FOLDER = join(SUPABASE, 'migrations');

/** @throws ZodError, SyntaxError where the file is not of this form */
export function readReleased(file = RELEASED_FILE): Released {
  return Released.parse(JSON.parse(readFileSync(file, 'utf8')));
}

export function readMigrationFiles(folder = MIGRATIONS_FOLDER): Migrations {
  const names = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** The same whatever line ends Git has checked the file out with. */
export function checksumOf(content: string): string {
  return createHash('sha256').update(content.replaceAll('\r\n', '\n')).digest('hex');
}

/** The frozen migrations up to a release, oldest first; all of them without one. */
export function frozenUpTo({ releases }: Released, version?: string): string[] {
  const last =
    version === undefined ? releases.length : releases.findIndex((one) => one.version === version) + 1;
  return releases.slice(0, last).flatMap(({ migrations }) => Object.keys(migrations).sort());
}

/**
 * What is wrong with the migrations of a checkout, given those that were released.
 * @returns sentences that say what to do; none when all is well
 */
export function problemsOf(released: Released, migrations: Migrations): string[] {
  const problems: string[] = [];
  const isFrozen = new Set(frozenUpTo(released));
  for (const { version, migrations: frozen } of released.releases) {
    for (const [name, checksum] of Object.entries(frozen)) {
      const content = migrations[name];
      const restore = `Bring it back with \`git checkout v${version} -- supabase/migrations/${name}\``;
      if (content === undefined)
        problems.push(`${name} was released with ${version} and is gone. ${restore}.`);
      else if (checksumOf(content) !== checksum)
        problems.push(
          `${name} was released with ${version} and has changed since: databases that have it do not get the change. ` +
            `${restore}, and put the change into a new migration.`,
        );
    }
  }
  const last = [...isFrozen].sort().at(-1);
  const stamps = new Map<string, string>();
  for (const name of Object.keys(migrations).sort()) {
    const stamp = /^(\d{14})_\w+\.sql$/.exec(name)?.[1];
    if (stamp === undefined) {
      problems.push(`${name} is no name of a migration. Call it <14 digits of its time>_<what it does>.sql.`);
      continue;
    }
    const other = stamps.get(stamp);
    if (other !== undefined)
      problems.push(`${name} has the time of ${other}: one of them would be skipped. Give it a later one.`);
    stamps.set(stamp, name);
    if (last !== undefined && name < last && !isFrozen.has(name))
      problems.push(
        `${name} is new but sorts before ${last}, which was released: databases that have that one would get them in ` +
          'another order. Give it the time of now.',
      );
  }
  return problems;
}

/**
 * Adds a release that freezes every migration which none before it has frozen.
 * @throws Error that says what to do: there are problems, or the version is not a new one
 */
export function freeze(released: Released, version: string, migrations: Migrations): Released {
  if (!Version.safeParse(version).success)
    throw new Error(`${version} is no version to release, such as 0.1.0: set it in package.json.`);
  const problems = problemsOf(released, migrations);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const before = released.releases.at(-1)?.version;
  if (before !== undefined && compareVersions(version, before) <= 0)
    throw new Error(`${before} is frozen already: set a later version in package.json.`);
  const isFrozen = new Set(frozenUpTo(released));
  const added = Object.entries(migrations).filter(([name]) => !isFrozen.has(name));
  const frozen = Object.fromEntries(added.sort().map(([name, content]) => [name, checksumOf(content)]));
  return { releases: [...released.releases, { version, migrations: frozen }] };
}

function compareVersions(one: string, other: string): number {
  const [a, b] = [one, other].map((version) => version.split('.').map(Number));
  const differing = a?.findIndex((part, index) => part !== b?.[index]) ?? -1;
  return differing < 0 ? 0 : (a?.[differing] ?? 0) - (b?.[differing] ?? 0);
}
