import { createHash } from 'node:crypto';
import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { cp, rename, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { BUILD, MACHINE, NETWORK, pickEnv } from '../processes/child-env.ts';
import { withFileLock } from '../processes/file-lock.ts';
import { runTool } from '../processes/tool.ts';
import type { Watchdog } from '../processes/watchdog.ts';

const SOURCES = ['web/src/**', 'web/static/**', 'web/*.{ts,js,json}', 'shared/src/**', 'package-lock.json'];
const KEPT_BUILDS = 3;

export interface BuildOptions {
  root: string;
  say: (text: string) => void;
  signal: AbortSignal;
  watchdog: Watchdog;
}

/** The page couldn't be built; the message has vite's output. */
export class BuildFailed extends Error {
  override readonly name = 'BuildFailed';
}

/**
 * Hashes the sources that the page is built from.
 * @param files in any order
 * @param read returns the content of a file
 */
export function sourceHash(files: string[], read: (file: string) => Buffer | string): string {
  const hash = createHash('sha256');
  for (const file of [...files].sort()) {
    hash.update(`${file}\0`).update(createHash('sha256').update(read(file)).digest());
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * Builds the page if its sources changed. Each build has its own folder, so a running stack keeps the one that it serves.
 * @returns the folder with the build's output (`static`, `functions`, `config.json`)
 * @throws BuildFailed
 */
export async function buildWeb(options: BuildOptions): Promise<string> {
  const { root, signal, say } = options;
  const builds = join(root, '.local/web');
  const wait = (): void => say('Waiting for another command to build the page');
  return withFileLock(join(root, '.local/web-build.lock'), signal, wait, async () => {
    const hash = sourceHash(listSources(root), (file) => readFileSync(join(root, file)));
    const target = join(builds, hash);
    if (existsSync(target)) {
      await utimes(target, new Date(), new Date());
      return target;
    }
    await build(options);
    // Symbolic links stay relative. The rename makes the folder appear complete.
    const draft = join(builds, `${hash}.new`);
    await rm(draft, { recursive: true, force: true });
    await cp(join(root, 'web/.vercel/output'), draft, { recursive: true, verbatimSymlinks: true });
    await rename(draft, target);
    await removeOld(builds);
    return target;
  });
}

function listSources(root: string): string[] {
  return globSync(SOURCES, { cwd: root }).filter(
    (file) => !/\.(test|spec)\.ts$/.test(file) && statSync(join(root, file)).isFile(),
  );
}

async function build({ root, say, signal, watchdog }: BuildOptions): Promise<void> {
  const startedAt = Date.now();
  say('Building the page');
  const timer = setInterval(
    () => say(`Building the page (${Math.round((Date.now() - startedAt) / 1000)} s)`),
    10_000,
  );
  const { code, output } = await runTool({
    command: process.execPath,
    args: [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn'],
    cwd: join(root, 'web'),
    env: { ...pickEnv(process.env, MACHINE, NETWORK, BUILD), NODE_ENV: 'production' },
    signal,
    watchdog,
  });
  clearInterval(timer);
  signal.throwIfAborted();
  if (code !== 0) throw new BuildFailed(`The page couldn't be built:\n${output}`);
}

async function removeOld(builds: string): Promise<void> {
  const folders = readdirSync(builds).map((name) => {
    const folder = join(builds, name);
    return { folder, usedAt: statSync(folder).mtimeMs };
  });
  folders.sort((a, b) => b.usedAt - a.usedAt);
  for (const { folder } of folders.slice(KEPT_BUILDS)) await rm(folder, { recursive: true, force: true });
}
