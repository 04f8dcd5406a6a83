/** Postgres stops even if its owner is killed: a shell between them waits on a pipe that only the owner holds open. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, mkdir, open, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findPostgresBinaries, isReachable, OUTSIDE_FOLDER, type Account } from './postgres-binaries.ts';

export interface PostgresOptions {
  dataDir: string;
  port: number;
  /** Password of the superuser `postgres`, set when the cluster is created. */
  password: string;
  log: (line: string) => void;
  /** Folder with another Postgres's bin/. Default: the one from npm. */
  native?: string | undefined;
}

export interface RunningPostgres {
  url: string;
  /** Resolves with the reason once the server has stopped for any reason. */
  exited: Promise<string>;
  stop(): Promise<void>;
}

const MAJOR_VERSION = '17';
const ELSEWHERE_NOTE = 'postgres-is-elsewhere.txt';
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;

/** Small, on loopback only, without Unix sockets. Commits are on disk, so a killed database loses nothing. */
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '60',
  shared_buffers: '64MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '256MB',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
};

/** Reads stdin until the owner has ended, then interrupts Postgres. */
const TIED_TO_OWNER = 'exec 3<&0; (( cat <&3; kill -INT $$ ) >/dev/null 2>&1 &); exec "$@" 3<&- </dev/null';

/**
 * Creates the cluster if there is none, and starts it.
 * @throws Error with the server's last log lines if it doesn't start, or if another server uses the directory
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { dataDir, port, log } = options;
  await mkdir(dataDir, { recursive: true });
  const account = await findAccount(dataDir);
  const native = options.native ?? (await findPostgresBinaries(account, log));
  const cluster = await findClusterFolder(dataDir, account, log);
  const version = await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (version === undefined) await createCluster(cluster, native, account, options);
  else if (version.trim() !== MAJOR_VERSION) {
    throw new Error(
      `The database in ${cluster} was made by Postgres ${version.trim()}, but this is ${MAJOR_VERSION}. ` +
        'Start over with `npm start -- --fresh`.',
    );
  }
  await clearStaleLock(cluster);

  const logPath = join(dataDir, 'postgres.log');
  const logFile = await open(logPath, 'w');
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const program = [join(native, 'bin', 'postgres'), '-D', cluster, '-p', String(port), ...settings];
  const child = spawn('/bin/sh', ['-c', TIED_TO_OWNER, 'sh', ...program], {
    ...account,
    // Its own process group, so that Ctrl-C doesn't stop it before its owner does.
    detached: true,
    cwd: cluster,
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    stdio: ['pipe', 'ignore', logFile.fd],
  });
  await logFile.close();
  const exited = once(child, 'exit').then(
    ([code, signal]: unknown[]) => `Postgres exited (${String(signal ?? code)})`,
    (error: unknown) => `Postgres couldn't be started: ${String(error)}`,
  );
  try {
    await waitUntilReady(child, cluster, exited);
  } catch (cause) {
    await stopChild(child, exited);
    const lastLines = (await readFile(logPath, 'utf8').catch(() => ''))
      .trim()
      .split('\n')
      .slice(-5)
      .join('\n');
    throw new Error(`Postgres didn't start on port ${port}:\n${lastLines}`, { cause });
  }
  const url = `postgresql://postgres:${encodeURIComponent(options.password)}@127.0.0.1:${port}/postgres`;
  return { url, exited, stop: () => stopChild(child, exited) };
}

/** Postgres refuses to run as root. */
async function findAccount(dataDir: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const folder of [join(dataDir, 'postgres'), (await readNote(dataDir)) ?? outsideCluster(dataDir)]) {
    const owner = await stat(folder).catch(() => undefined);
    if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  }
  const run = promisify(execFile);
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
      return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
    } catch {
      // This system has no such account.
    }
  }
  throw new Error("Postgres can't run as root, and this system has no account `postgres` or `nobody`.");
}

function outsideCluster(dataDir: string): string {
  return join(OUTSIDE_FOLDER, createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 16));
}

async function readNote(dataDir: string): Promise<string | undefined> {
  const noted = await readFile(join(dataDir, ELSEWHERE_NOTE), 'utf8').catch(() => undefined);
  return noted?.startsWith(`${OUTSIDE_FOLDER}/`) ? noted.trim() : undefined;
}

/**
 * Renames a cluster outside of its data directory when that is set aside, because a new one would take its place.
 * @param mark appended to its name
 */
export async function setClusterAside(dataDir: string, mark: string): Promise<void> {
  const noted = await readNote(dataDir);
  if (noted === undefined) return;
  await rename(noted, `${noted}-${mark}`);
  await writeFile(join(dataDir, ELSEWHERE_NOTE), `${noted}-${mark}\n`);
}

/** A cluster outside of the data directory has a note there: if it is missing, the data was removed on purpose. */
async function findClusterFolder(
  dataDir: string,
  account: Account | undefined,
  log: (line: string) => void,
): Promise<string> {
  const inside = join(resolve(dataDir), 'postgres');
  const noted = await readNote(dataDir);
  // Others may pass through the data directory but not list it; secrets have their own modes.
  if (account) await chmod(dataDir, (await stat(dataDir)).mode | 0o011);
  if (!account || (await isReachable(dirname(inside), account))) return inside;
  const outside = noted ?? outsideCluster(dataDir);
  if (noted === undefined) await rm(outside, { recursive: true, force: true });
  await mkdir(OUTSIDE_FOLDER, { recursive: true, mode: 0o755 });
  await writeFile(join(dataDir, ELSEWHERE_NOTE), `${outside}\n`);
  log(`Postgres's account can't enter ${dataDir}; the database is in ${outside}`);
  return outside;
}

/** Renamed once complete, so that an interrupted start leaves no partial cluster. */
async function createCluster(
  cluster: string,
  native: string,
  account: Account | undefined,
  { password, log, native: given }: PostgresOptions,
): Promise<void> {
  log('Creating the database (first start)');
  const incoming = `${cluster}.new`;
  const passwordFile = `${cluster}.password`;
  await rm(incoming, { recursive: true, force: true });
  await rm(cluster, { recursive: true, force: true });
  await mkdir(incoming, { mode: 0o700 });
  try {
    await writeFile(passwordFile, password, { mode: 0o600 });
    if (account) {
      await chown(incoming, account.uid, account.gid);
      await chown(passwordFile, account.uid, account.gid);
    }
    const parameters = [
      `--pgdata=${incoming}`,
      `--pwfile=${passwordFile}`,
      '--username=postgres',
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // Versions before 17 have no built-in locale.
      ...(given === undefined
        ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
        : ['--locale=C.UTF-8']),
      '--no-sync',
      '--no-instructions',
    ];
    await promisify(execFile)(join(native, 'bin', 'initdb'), parameters, {
      ...account,
      cwd: incoming,
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    });
    await rename(incoming, cluster);
  } finally {
    await unlink(passwordFile).catch(() => undefined);
  }
}

/** A stale postmaster.pid outlives a crash and its pid may be reused; a server may also still be shutting down. */
async function clearStaleLock(cluster: string): Promise<void> {
  const lockFile = join(cluster, 'postmaster.pid');
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  for (;;) {
    const pid = Number.parseInt(await readFile(lockFile, 'utf8').catch(() => ''), 10);
    if (Number.isNaN(pid) || !(await isPostgres(pid))) break;
    if (Date.now() > deadline)
      throw new Error(`Another Postgres (process ${pid}) is using ${cluster}. Is Patchbay already running?`);
    await sleep(50);
  }
  await unlink(lockFile).catch(() => undefined);
}

async function isPostgres(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const command =
    process.platform === 'linux'
      ? await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      : await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]).then(
          ({ stdout }) => stdout,
          () => '',
        );
  return command.includes('postgres');
}

/** Like pg_ctl, reads the state from the eighth line of postmaster.pid. */
async function waitUntilReady(child: ChildProcess, cluster: string, exited: Promise<string>): Promise<void> {
  let ended: string | undefined;
  void exited.then((reason) => (ended = reason));
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (ended === undefined) {
    const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready') return;
    if (Date.now() > deadline) throw new Error('It took too long.');
    await sleep(15);
  }
  throw new Error(ended);
}

async function stopChild(child: ChildProcess, exited: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill('SIGINT');
  const isLate = await Promise.race([exited.then(() => false), sleep(STOP_TIMEOUT_MS, true, { ref: false })]);
  if (isLate) {
    child.kill('SIGQUIT');
    await exited;
  }
  child.stdin?.destroy();
}
