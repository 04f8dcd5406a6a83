// Functions run on the version that hosted Supabase is compatible with, `deno-hosted`: compare it with `DENO_VERSION` in
// https://github.com/supabase/edge-runtime/blob/main/.env. Bundling needs a newer one, which has `deno bundle`.
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

/** Finds the newer Deno, for bundling. @throws Error if npm installed none for this platform */
export const findDeno = (): string => findBinary('deno');

/** Finds the hosted Deno version, which runs and checks edge functions. @throws Error as `findDeno` */
export const findHostedDeno = (): string => findBinary('deno-hosted');

/** The binary itself, not npm's wrapper, because signals and the end of stdin must reach it. */
function findBinary(alias: Alias): string {
  const manifest = manifestOf(alias);
  const version = readVersion(manifest);
  const { platform, arch } = process;
  const name = `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`;
  const found = resolveFrom(manifest, `${name}/package.json`);
  // Both versions have packages of the same names, and must not replace each other.
  if (found === null || readVersion(found) !== version)
    throw new Error(
      `Deno ${version} is not installed for this machine (${platform}-${arch}). Run \`npm install\` again with optional dependencies.`,
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
