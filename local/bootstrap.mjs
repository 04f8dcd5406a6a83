#!/usr/bin/env node
// What `npm start`, `npm test` and the other scripts run first, under whatever Node (>= 18) is there and before
// anything is installed: so it imports nothing but Node itself. It brings Node 24, installs the packages when the
// lockfile changed, and goes on under Node 24 with the command's own file.
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

/** A failure whose message is all that the person needs: it is printed without a stack. */
class Told extends Error {}

const say = (text) => process.stdout.write(`patchbay: ${text}\n`);

/** The running Node serves when it is a 24 that strips types without a warning. */
function runningNodeServes() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major === 24 && minor >= 12;
}

function isFile(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

/** npm's own cli file (a script to run with Node), or null where only another package manager is there. */
function findNpmCli() {
  const name = path.join('npm', 'bin', 'npm-cli.js');
  const beside = path.dirname(fs.realpathSync(process.execPath));
  const onPath = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  const candidates = [
    process.env.npm_execpath ?? '',
    path.join(beside, '..', 'lib', 'node_modules', name),
    path.join(beside, 'node_modules', name),
    ...onPath.map((folder) => path.join(folder, 'npm')),
    path.join('/usr/share/nodejs', name),
  ];
  for (const candidate of candidates) {
    if (!candidate || !isFile(candidate)) continue;
    const real = fs.realpathSync(candidate);
    if (path.basename(real) === 'npm-cli.js') return real;
  }
  return null;
}

/** Where the npm packages that ship the runtime put the binary. */
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

let passOn = () => {};
let interrupted = null;

/** npm's error lines from the first on; behind them comes its whole manual, which helps nobody. */
function firstErrors(output) {
  const lines = output.split('\n');
  const first = lines.findIndex((line) => line.startsWith('npm error'));
  return `${(first < 0 ? lines.slice(-30) : lines.slice(first, first + 30)).join('\n')}\n`;
}

/** Runs a long step with its output kept back, telling the seconds that pass; the output is shown if it fails. */
async function step(text, command, args, options = {}) {
  const startedAt = Date.now();
  const elapsed = () => `${Math.round((Date.now() - startedAt) / 1000)} s`;
  const tty = process.stdout.isTTY === true;
  if (tty) process.stdout.write(`patchbay: ${text}`);
  else say(`${text}`);
  const timer = setInterval(
    () =>
      tty ? process.stdout.write(`\r\x1b[2Kpatchbay: ${text} ${elapsed()}`) : say(`${text} ${elapsed()}`),
    tty ? 1_000 : 10_000,
  );
  const kept = [];
  const code = await new Promise((resolve, reject) => {
    const stdio = ['ignore', 'pipe', 'pipe'];
    const child = spawn(command, args, { cwd: ROOT, stdio, detached: true, ...options });
    // npm finishes first when it is asked to end. What it leaves half done is done again by the next start.
    passOn = () => process.kill(-child.pid, 'SIGKILL');
    child.stdout.on('data', (chunk) => kept.push(chunk));
    child.stderr.on('data', (chunk) => kept.push(chunk));
    child.once('error', reject);
    child.once('close', (exitCode) => resolve(exitCode ?? 1));
  }).finally(() => {
    clearInterval(timer);
    passOn = () => {};
  });
  if (tty) process.stdout.write('\r\x1b[2K');
  if (interrupted) throw new Told(`stopped while ${text}`);
  if (code !== 0) {
    process.stderr.write(firstErrors(Buffer.concat(kept).toString()));
    throw new Told(`${text} failed after ${elapsed()} (exit code ${code}); npm's words are above`);
  }
  say(`${text} done, ${elapsed()}`);
}

/** Node 24 and an npm that belongs to it: the running ones, or our own under .local/runtime. */
async function ensureRuntime() {
  const npm = findNpmCli();
  if (runningNodeServes()) {
    if (!npm) throw new Told('npm was not found beside this Node: install npm');
    return { node: process.execPath, npm };
  }
  const ready = runtimePaths(RUNTIME);
  if (isFile(ready.node) && isFile(ready.npm)) return ready;
  if (!npm) throw new Told(`npm was not found: install npm, or Node ${NODE_VERSION}`);
  // Into a folder of its own and renamed at the end, so that an interrupted download is never taken for a runtime.
  // The platform's package directly: npm may refuse to run the install script of the package "node".
  const draft = `${RUNTIME}.${process.pid}`;
  fs.mkdirSync(draft, { recursive: true });
  try {
    fs.writeFileSync(path.join(draft, 'package.json'), '{"private":true}\n');
    const packages = [`${runtimePackage()}@${NODE_VERSION}`, `npm@${NPM_VERSION}`];
    const args = ['install', '--prefix', draft, '--no-audit', '--no-fund', '--ignore-scripts', ...packages];
    await step(`bringing Node ${NODE_VERSION}`, process.execPath, [npm, ...args], { cwd: draft });
    const { node } = runtimePaths(draft);
    const answer = spawnSync(node, ['--version'], { encoding: 'utf8' });
    if (answer.stdout?.trim() !== `v${NODE_VERSION}`) {
      throw new Told(`the Node from npm does not run on this machine: install Node ${NODE_VERSION} yourself`);
    }
    fs.rmSync(RUNTIME, { recursive: true, force: true });
    fs.renameSync(draft, RUNTIME);
  } finally {
    fs.rmSync(draft, { recursive: true, force: true });
  }
  return ready;
}

function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/** True where npm's own record of node_modules holds every package of the lockfile that fits this platform. */
function installedMatchesLockfile(lockfile) {
  const hidden = readJson(path.join(ROOT, 'node_modules', '.package-lock.json'))?.packages;
  const wanted = JSON.parse(lockfile).packages;
  if (!hidden || !wanted) return false;
  return Object.entries(wanted).every(([key, entry]) => {
    const have = hidden[key];
    if (!key.startsWith('node_modules/') || entry.link) return true;
    return have ? have.version === entry.version : entry.optional === true || entry.peer === true;
  });
}

/** Runs `npm ci` unless these packages are there; the stamp inside node_modules goes with an interrupted install. */
async function ensurePackages({ node, npm }) {
  const lockfile = fs.readFileSync(path.join(ROOT, 'package-lock.json'));
  const wanted = `${createHash('sha256').update(lockfile).digest('hex')} ${process.platform}-${process.arch}\n`;
  const have = isFile(INSTALL_STAMP) ? fs.readFileSync(INSTALL_STAMP, 'utf8') : '';
  if (have === wanted) return;
  fs.rmSync(INSTALL_STAMP, { force: true });
  if (!installedMatchesLockfile(lockfile.toString())) {
    await step('installing the packages (npm ci)', node, [npm, 'ci', '--no-audit', '--no-fund'], {
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

/** The owner touches its lock: one left untouched belongs to a process that only has the same number. */
function lockOwner() {
  const stat = fs.statSync(LOCK, { throwIfNoEntry: false });
  const pid = stat ? Number(fs.readFileSync(LOCK, 'utf8')) : 0;
  const fresh = stat !== undefined && Date.now() - stat.mtimeMs < 30_000;
  // An empty lock is one that is just being written.
  return { pid, alive: fresh && (pid === 0 || isAlive(pid)) };
}

/** One bootstrap at a time installs; a lock whose owner is gone is taken over. */
async function withLock(run) {
  fs.mkdirSync(LOCAL, { recursive: true });
  for (let told = false; ;) {
    try {
      fs.writeFileSync(LOCK, `${process.pid}\n`, { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = lockOwner();
    if (!owner.alive) {
      const taken = `${LOCK}.${process.pid}`;
      try {
        fs.renameSync(LOCK, taken);
        fs.rmSync(taken);
      } catch (error) {
        if (error.code !== 'ENOENT') throw error;
      }
      continue;
    }
    if (!told)
      say(`another patchbay command (process ${owner.pid}) is installing in this checkout: waiting for it`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 250));
    if (interrupted) throw new Told('stopped while waiting');
  }
  const touch = setInterval(() => fs.utimes(LOCK, new Date(), new Date(), () => {}), 5_000);
  try {
    return await run();
  } finally {
    clearInterval(touch);
    fs.rmSync(LOCK, { force: true });
  }
}

/** Goes on under Node 24: signals pass to the child, its exit code becomes ours, and it ends if we are killed. */
async function goOn({ node }, file, args) {
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', path.join(ROOT, file), ...args], {
    cwd: ROOT,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH ?? ''}` },
  });
  passOn = (signal) => child.kill(signal);
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
  if (!file) throw new Told(`say one of: ${Object.keys(COMMANDS).join(', ')}`);
  const runtime = await withLock(async () => {
    const found = await ensureRuntime();
    await ensurePackages(found);
    return found;
  });
  return goOn(runtime, file, args);
}

function stop(signal) {
  interrupted = signal;
  try {
    passOn(signal);
  } catch (error) {
    // It ended by itself just now.
    if (error.code !== 'ESRCH') throw error;
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal));
// npm passes on SIGINT and SIGTERM, and goes without a word on SIGHUP and SIGKILL, as its shell does on SIGTERM.
if (process.env.npm_lifecycle_event !== undefined) {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && stop('SIGTERM'), 500).unref();
}

const PLACE_ERRORS = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT']);
try {
  process.exitCode = await main();
} catch (error) {
  const placed = PLACE_ERRORS.has(error.code) && `cannot write ${error.path ?? LOCAL} (${error.code})`;
  if (!placed && !(error instanceof Told)) throw error;
  process.stderr.write(`patchbay: ${placed || error.message}\n`);
  process.exitCode = interrupted ? 128 + os.constants.signals[interrupted] : 1;
}
