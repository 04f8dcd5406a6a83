import { createHash, randomUUID } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { GO, MACHINE, NETWORK, pickEnv } from '../processes/child-env.ts';
import { runTool } from '../processes/tool.ts';
import type { Watchdog } from '../processes/watchdog.ts';
import { assetFor, checksumOf, isUsableVersion, LIVEKIT_VERSION } from './release.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const DOWNLOAD_TIMEOUT_MS = 5 * 60_000;
const VERSION_TIMEOUT_MS = 10_000;

export type LivekitServer = { path: string; origin: string } | { path: null; reason: string };

export interface FindOptions {
  say: (text: string) => void;
  signal: AbortSignal;
  watchdog?: Watchdog;
  /** Default: ~/.cache/patchbay, or below XDG_CACHE_HOME. */
  cacheDir?: string;
  env?: NodeJS.ProcessEnv;
  fetch?: typeof globalThis.fetch;
}

class Unavailable extends Error {}

/**
 * Finds livekit-server on PATH or in the cache, downloads the official release, or builds it with Go.
 * @returns `path: null` with the reasons if all of them fail; never throws
 */
export async function findLivekitServer(options: FindOptions): Promise<LivekitServer> {
  const env = pickEnv(options.env ?? process.env, MACHINE, NETWORK, GO);
  const cached = join(
    options.cacheDir ?? cacheFolder(env),
    `livekit-server-${LIVEKIT_VERSION}`,
    'livekit-server',
  );
  const sources: [string, () => Promise<string>][] = [
    ['PATH', () => fromPath(env)],
    ['cache', () => usable(cached, env)],
    ['release', () => fromRelease(cached, env, options)],
    ['Go', () => fromGo(cached, env, options)],
  ];
  const reasons: string[] = [];
  for (const [origin, find] of sources) {
    if (options.signal.aborted) return { path: null, reason: 'Stopped' };
    try {
      return { path: await find(), origin };
    } catch (error) {
      // Any error, such as a full disk or a broken archive, rules out this source only.
      reasons.push(`${origin}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { path: null, reason: `livekit-server ${LIVEKIT_VERSION} was not found (${reasons.join('; ')})` };
}

function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'patchbay');
}

async function fromPath(env: NodeJS.ProcessEnv): Promise<string> {
  const found = onPath('livekit-server', env);
  if (!found) throw new Unavailable('not found');
  return usable(found, env);
}

function onPath(name: string, env: NodeJS.ProcessEnv): string | null {
  const folders = (env['PATH'] ?? '').split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function usable(file: string, env: NodeJS.ProcessEnv): Promise<string> {
  if (!isExecutable(file)) throw new Unavailable('not found');
  const signal = AbortSignal.timeout(VERSION_TIMEOUT_MS);
  const { code, output } = await runTool({ command: file, args: ['--version'], env, signal });
  if (code !== 0) throw new Unavailable(`${file} doesn't run`);
  if (!isUsableVersion(output)) throw new Unavailable(`${file} is another version`);
  return file;
}

async function fromRelease(
  cached: string,
  env: NodeJS.ProcessEnv,
  { say, signal, fetch = globalThis.fetch }: FindOptions,
): Promise<string> {
  const asset = assetFor(process.platform, process.arch);
  if (!asset) throw new Unavailable('no release for this platform');
  const checksums = (await download(fetch, asset.checksumsUrl, signal, CONNECT_TIMEOUT_MS)).toString();
  const expected = checksumOf(checksums, asset.name);
  if (!expected) throw new Unavailable(`no checksum for ${asset.name}`);
  say(`Downloading livekit-server ${LIVEKIT_VERSION} (about 25 MB)`);
  const archive = await download(fetch, asset.url, signal, DOWNLOAD_TIMEOUT_MS);
  const actual = createHash('sha256').update(archive).digest('hex');
  if (actual !== expected) throw new Unavailable("the download doesn't match the release's checksum");
  return inScratch(async (folder) => {
    const file = join(folder, asset.name);
    await writeFile(file, archive);
    const { code } = await runTool({
      command: 'tar',
      args: ['-xzf', file, '-C', folder, 'livekit-server'],
      env,
      signal,
    });
    if (code !== 0) throw new Unavailable("tar couldn't unpack the release");
    return store(join(folder, 'livekit-server'), cached, env);
  });
}

async function download(
  fetch: typeof globalThis.fetch,
  url: string,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Buffer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
    if (!response.ok) throw new Unavailable(`github.com responded with ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    throw new Unavailable('github.com is unreachable', { cause: error });
  }
}

async function fromGo(
  cached: string,
  env: NodeJS.ProcessEnv,
  { say, signal, watchdog }: FindOptions,
): Promise<string> {
  const go = onPath('go', env);
  if (!go) throw new Unavailable('not installed');
  const startedAt = Date.now();
  const elapsed = (): string => `${Math.round((Date.now() - startedAt) / 1000)} s`;
  say(`Building livekit-server ${LIVEKIT_VERSION} with Go. This happens once and takes a few minutes.`);
  const timer = setInterval(() => say(`Building livekit-server (${elapsed()})`), 15_000);
  try {
    return await inScratch(async (folder) => {
      const module = `github.com/livekit/livekit-server/cmd/server@v${LIVEKIT_VERSION}`;
      const { code, output } = await runTool({
        command: go,
        args: ['install', module],
        cwd: folder,
        env: { ...env, GOBIN: folder, GOFLAGS: '', CGO_ENABLED: '0' },
        signal,
        watchdog,
      });
      if (code !== 0) throw new Unavailable(`go install failed: ${output.split('\n').at(-1) ?? ''}`);
      say(`Built livekit-server in ${elapsed()}`);
      return store(join(folder, 'server'), cached, env);
    });
  } finally {
    clearInterval(timer);
  }
}

async function inScratch<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'patchbay-livekit-'));
  try {
    return await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Renamed once complete, so that simultaneous or interrupted starts never leave a partial file. */
async function store(file: string, cached: string, env: NodeJS.ProcessEnv): Promise<string> {
  const draft = `${cached}.${randomUUID()}`;
  await mkdir(dirname(cached), { recursive: true });
  await copyFile(file, draft);
  await chmod(draft, 0o755);
  await usable(draft, env);
  await rename(draft, cached);
  return cached;
}
