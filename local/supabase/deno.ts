/**
 * Deno, in two versions. Edge functions run on the hosted Deno version, so that nothing can rely on what hosted Supabase
 * lacks: its edge runtime can't be installed here, but each release names the Deno version that it is compatible with.
 *
 * The alias `deno-hosted` in package.json is the one place that names this version. To see whether hosted has moved,
 * compare it with `DENO_VERSION` in https://github.com/supabase/edge-runtime/blob/main/.env, or run `npm run doctor`
 * against a hosted project: it shows what the functions run on. Only bundling uses the newer Deno, which has `deno bundle`.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

type Alias = 'deno' | 'deno-hosted';

const require = createRequire(import.meta.url);
const manifestOf = (alias: Alias): string => require.resolve(`${alias}/package.json`);
const readVersion = (manifest: string): string =>
  (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;

/** Such as `2.1.4`. */
export const HOSTED_DENO_VERSION = readVersion(manifestOf('deno-hosted'));

/** The newer Deno, for bundling. @throws Error where npm installed none for this platform */
export const findDeno = (): string => findBinary('deno');

/** Deno in the hosted version, for all that runs or checks edge functions. @throws Error as `findDeno` */
export const findHostedDeno = (): string => findBinary('deno-hosted');

/** The binary itself, not npm's wrapper around it: signals and the end of stdin must reach it. */
function findBinary(alias: Alias): string {
  const manifest = manifestOf(alias);
  const version = readVersion(manifest);
  const { platform, arch } = process;
  const name = `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`;
  const found = resolveFrom(manifest, `${name}/package.json`);
  // Both versions have packages of the same names: one that is missing must not be replaced by the other's.
  if (found === null || readVersion(found) !== version)
    throw new Error(
      `Deno ${version} is not installed for this machine (${platform}-${arch}): run \`npm install\` again, with optional dependencies.`,
    );
  return join(dirname(found), platform === 'win32' ? 'deno.exe' : 'deno');
}

function resolveFrom(file: string, specifier: string): string | null {
  try {
    return createRequire(file).resolve(specifier);
  } catch {
    return null;
  }
}
