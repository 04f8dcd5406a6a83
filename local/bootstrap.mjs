// Every npm script runs this first, with any Node >= 18 and before anything is installed, so it imports only Node's own
// modules. It downloads Node 24, installs packages when the lockfile changed, and runs the command's file with Node 24.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const NPM_VERSION = '11.21.2';
const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const NODE_VERSION = fs.readFileSync(path.join(ROOT, '.nvmrc'), 'utf8').trim();
const LOCAL = path.join(ROOT, '.local');
const RUNTIME = path.join(LOCAL, 'runtime', `v${NODE_VERSION}`);
const LOCK = path.join(LOCAL, 'bootstrap.lock');
const INSTALL_STAMP = path.join(ROOT, 'node_modules', '.patchbay-install');

const COMMANDS = {
  start: 'local/stack/start.ts',
  dev: 'local/stack/dev.ts',
  test: 'tests/run/main.ts',
  check: 'tests/run/check.ts',
  format: 'tests/run/format.ts',
  conformance: 'tests/conformance/main.ts',
  interop: 'tests/interop/main.ts',
  bench: 'bench/main.ts',
  eval: 'tests/eval/main.ts',
  screenshots: 'tests/screenshots/main.ts',
  'db:types': 'ops/database/write-types.ts',
  'db:diff': 'ops/database/diff.ts',
  'db:migration': 'ops/database/new-migration.ts',
  'api:describe': 'ops/api/describe.ts',
  'secrets:rotate': 'ops/secrets/main.ts',
  doctor: 'ops/doctor/main.ts',
  'deploy:supabase': 'ops/deploy/supabase.ts',
  'bundle:functions': 'ops/deploy/bundle-functions.ts',
  'lockfile:complete': 'ops/release/complete-lockfile.ts',
  'release:freeze': 'ops/release/freeze.ts',
};

/** An error whose message is enough for the user: it is printed without a stack trace. */
class UserError extends Error {}

const say = (text) => process.stdout.write(`patchbay: ${text}\n`);

/** Node 24.12 and later strip types without a warning. */
function isRunningNodeUsable() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major === 24 && minor >= 12;
}

function isFile(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

function findNpmCli() {
  const name = path.join('npm', 'bin', 'npm-cli.js');
  const nodeFolder = path.dirname(fs.realpathSync(process.execPath));
  const candidates = [
    process.env.npm_execpath ?? '',
    path.join(nodeFolder, '..', 'lib', 'node_modules', name),
    path.join(nodeFolder, 'node_modules', name),
    ...(process.env.PATH ?? '').split(path.delimiter).map((folder) => folder && path.join(folder, 'npm')),
    path.join('/usr/share/nodejs', name),
  ];
  for (const candidate of candidates) {
    if (!candidate || !isFile(candidate)) continue;
    const real = fs.realpathSync(candidate);
    if (path.basename(real) === 'npm-cli.js') return real;
  }
  return null;
}

function runtimePackage() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const prefix = platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  return `${prefix}-${platform}-${process.arch}`;
}

function runtimePaths(folder) {
  const modules = path.join(folder, 'node_modules');
  const binary = process.platform === 'win32' ? 'node.exe' : 'node';
  return {
    node: path.join(modules, runtimePackage(), 'bin', binary),
    npm: path.join(modules, 'npm', 'bin', 'npm-cli.js'),
  };
}

let forwardSignal = () => {};
let interruptedBy = null;

function firstErrors(output) {
  const lines = output.split('\n');
  const first = lines.findIndex((line) => line.startsWith('npm error'));
  return `${(first < 0 ? lines.slice(-30) : lines.slice(first, first + 30)).join('\n')}\n`;
}

async function step(text, command, args, options = {}) {
  const startedAt = Date.now();
  const elapsed = () => `${Math.round((Date.now() - startedAt) / 1000)} s`;
  const isTerminal = process.stdout.isTTY === true;
  const report = (line) => (isTerminal ? process.stdout.write(`\r\x1b[2Kpatchbay: ${line}`) : say(line));
  report(text);
  const timer = setInterval(() => report(`${text} (${elapsed()})`), isTerminal ? 1_000 : 10_000);
  const output = [];
  const code = await new Promise((resolve, reject) => {
    const stdio = ['ignore', 'pipe', 'pipe'];
    const child = spawn(command, args, { cwd: ROOT, stdio, detached: true, ...options });
    // On SIGTERM npm would finish first. The next start repeats whatever SIGKILL leaves half done.
    forwardSignal = () => process.kill(-child.pid, 'SIGKILL');
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
    child.once('error', reject);
    child.once('close', (exitCode) => resolve(exitCode ?? 1));
  }).finally(() => {
    clearInterval(timer);
    forwardSignal = () => {};
  });
  if (isTerminal) process.stdout.write('\r\x1b[2K');
  if (interruptedBy) throw new UserError(`Stopped during: ${text}`);
  if (code !== 0) {
    process.stderr.write(firstErrors(Buffer.concat(output).toString()));
    throw new UserError(`${text} failed after ${elapsed()} (exit code ${code}). See npm's output above.`);
  }
  say(`${text}: done in ${elapsed()}`);
}

async function ensureRuntime() {
  const npm = findNpmCli();
  if (isRunningNodeUsable()) {
    if (!npm) throw new UserError('npm was not found next to this Node. Install npm.');
    return { node: process.execPath, npm };
  }
  const ready = runtimePaths(RUNTIME);
  if (isFile(ready.node) && isFile(ready.npm)) return ready;
  if (!npm) throw new UserError(`npm was not found. Install npm or Node ${NODE_VERSION}.`);
  // Renamed once complete, so that an interrupted download is never used. The platform's own package, because npm may
  // refuse to run the install script of the package "node".
  const draft = `${RUNTIME}.${process.pid}`;
  fs.mkdirSync(draft, { recursive: true });
  try {
    fs.writeFileSync(path.join(draft, 'package.json'), '{"private":true}\n');
    const packages = [`${runtimePackage()}@${NODE_VERSION}`, `npm@${NPM_VERSION}`];
    const args = ['install', '--prefix', draft, '--no-audit', '--no-fund', '--ignore-scripts', ...packages];
    await step(`Downloading Node ${NODE_VERSION}`, process.execPath, [npm, ...args], { cwd: draft });
    const { node } = runtimePaths(draft);
    if (spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim() !== `v${NODE_VERSION}`) {
      throw new UserError(
        `Node from npm doesn't run on this machine. Install Node ${NODE_VERSION} yourself.`,
      );
    }
    fs.rmSync(RUNTIME, { recursive: true, force: true });
    fs.renameSync(draft, RUNTIME);
  } finally {
    fs.rmSync(draft, { recursive: true, force: true });
  }
  return ready;
}

function installedMatchesLockfile(lockfile) {
  try {
    const record = fs.readFileSync(path.join(ROOT, 'node_modules', '.package-lock.json'), 'utf8');
    const installed = JSON.parse(record).packages;
    return Object.entries(JSON.parse(lockfile).packages).every(([key, entry]) => {
      if (!key.startsWith('node_modules/') || entry.link) return true;
      const version = installed[key]?.version;
      return version ? version === entry.version : entry.optional === true || entry.peer === true;
    });
  } catch {
    return false;
  }
}

/** An interrupted install leaves no stamp, so it is repeated. */
async function ensurePackages({ node, npm }) {
  const lockfile = fs.readFileSync(path.join(ROOT, 'package-lock.json'));
  const wanted = `${createHash('sha256').update(lockfile).digest('hex')} ${process.platform}-${process.arch}\n`;
  if (isFile(INSTALL_STAMP) && fs.readFileSync(INSTALL_STAMP, 'utf8') === wanted) return;
  fs.rmSync(INSTALL_STAMP, { force: true });
  if (!installedMatchesLockfile(lockfile.toString())) {
    await step('Installing packages (npm ci)', node, [npm, 'ci', '--no-audit', '--no-fund'], {
      env: { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH ?? ''}` },
    });
  }
  fs.writeFileSync(INSTALL_STAMP, wanted);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** The owner touches its lock regularly: an old lock belongs to a dead process whose pid another one may have by now. */
function lockOwner() {
  const stat = fs.statSync(LOCK, { throwIfNoEntry: false });
  const pid = stat ? Number(fs.readFileSync(LOCK, 'utf8')) : 0;
  // An empty lock is still being written.
  const isFresh = stat !== undefined && Date.now() - stat.mtimeMs < 30_000;
  return { pid, isAlive: isFresh && (pid === 0 || isAlive(pid)) };
}

async function withLock(run) {
  fs.mkdirSync(LOCAL, { recursive: true });
  for (let hasReported = false; ;) {
    try {
      fs.writeFileSync(LOCK, `${process.pid}\n`, { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = lockOwner();
    if (!owner.isAlive) {
      const taken = `${LOCK}.${process.pid}`;
      try {
        fs.renameSync(LOCK, taken);
        fs.rmSync(taken);
      } catch (error) {
        if (error.code !== 'ENOENT') throw error;
      }
      continue;
    }
    if (!hasReported) say(`Waiting for another patchbay command (process ${owner.pid}) to finish installing`);
    hasReported = true;
    await new Promise((resolve) => setTimeout(resolve, 250));
    if (interruptedBy) throw new UserError('Stopped while waiting');
  }
  const touch = setInterval(() => fs.utimes(LOCK, new Date(), new Date(), () => {}), 5_000);
  try {
    return await run();
  } finally {
    clearInterval(touch);
    fs.rmSync(LOCK, { force: true });
  }
}

async function runFile({ node }, file, args) {
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', path.join(ROOT, file), ...args], {
    cwd: ROOT,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH ?? ''}` },
  });
  forwardSignal = (signal) => child.kill(signal);
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (...ended) => resolve(ended));
  });
  return code ?? 128 + (os.constants.signals[signal] ?? 0);
}

/** @returns {Promise<number>} the exit code */
async function main() {
  const [command = '', ...args] = process.argv.slice(2);
  const file = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (!file) throw new UserError(`Unknown command. Use one of: ${Object.keys(COMMANDS).join(', ')}`);
  const runtime = await withLock(async () => {
    const found = await ensureRuntime();
    await ensurePackages(found);
    return found;
  });
  return runFile(runtime, file, args);
}

function stop(signal) {
  interruptedBy = signal;
  try {
    forwardSignal(signal);
  } catch (error) {
    // It has already ended.
    if (error.code !== 'ESRCH') throw error;
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal));
// npm forwards SIGINT and SIGTERM but not SIGHUP, and can be killed: end with it.
if (process.env.npm_lifecycle_event !== undefined) {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && stop('SIGTERM'), 500).unref();
}

const FILE_ERRORS = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT']);
try {
  process.exitCode = await main();
} catch (error) {
  const fileError = FILE_ERRORS.has(error.code) && `Can't write ${error.path ?? LOCAL} (${error.code})`;
  if (!fileError && !(error instanceof UserError)) throw error;
  process.stderr.write(`patchbay: ${fileError || error.message}\n`);
  process.exitCode = interruptedBy ? 128 + os.constants.signals[interruptedBy] : 1;
}
