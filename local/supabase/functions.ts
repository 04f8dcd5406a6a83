import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { findHostedDeno } from './deno.ts';

export interface FunctionsOptions {
  folder: string;
  /** The functions may read its node_modules, supabase and shared, and nothing else. */
  repository: string;
  cacheDir: string;
  /** 0 for any free port. */
  port: number;
  env: Record<string, string>;
  log: (line: string) => void;
}

export interface RunningFunctions {
  /** Undefined between a crash and the next start. */
  address(): string | undefined;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const FIRST_RESTART_MS = 200;
const LAST_RESTART_MS = 10_000;
const STABLE_AFTER_MS = 30_000;
const STOP_TIMEOUT_MS = 3_000;

/** @throws Error if the first start fails; after later crashes it restarts. */
export async function startFunctions(options: FunctionsOptions): Promise<RunningFunctions> {
  let isStopping = false;
  let current = await startHost(options);
  const runs = keepRunning();

  async function keepRunning(): Promise<void> {
    let delayMs = FIRST_RESTART_MS;
    while (!isStopping) {
      const since = Date.now();
      await current.exited;
      if (isStopping) return;
      if (!current.isWanted) {
        delayMs = FIRST_RESTART_MS;
      } else {
        if (Date.now() - since > STABLE_AFTER_MS) delayMs = FIRST_RESTART_MS;
        options.log(`The edge functions' process exited; restarting it in ${delayMs} ms`);
        await sleep(delayMs);
        delayMs = Math.min(delayMs * 2, LAST_RESTART_MS);
      }
      if (!isStopping) current = await startHost(options).catch(() => brokenHost());
    }
  }

  return {
    address: () => current.address(),
    async restart() {
      const before = current;
      before.isWanted = false;
      await before.stop();
      while (!isStopping && current === before) await sleep(10);
    },
    async stop() {
      isStopping = true;
      await current.stop();
      await runs;
      await current.stop();
    },
  };
}

interface Host {
  address(): string | undefined;
  exited: Promise<unknown>;
  stop(): Promise<void>;
  isWanted: boolean;
}

function brokenHost(): Host {
  return { address: () => undefined, exited: Promise.resolve(), stop: async () => undefined, isWanted: true };
}

async function startHost({ folder, repository, cacheDir, port, env, log }: FunctionsOptions): Promise<Host> {
  const host = resolve(import.meta.dirname, 'functions-host.ts');
  // Not the whole repository, which contains this installation's keys.
  const readable = [folder, ...['node_modules', 'supabase', 'shared'].map((name) => join(repository, name))];
  const child = spawn(
    findHostedDeno(),
    [
      'run',
      '--quiet',
      '--no-prompt',
      '--no-check',
      '--no-remote',
      '--no-lock',
      '--node-modules-dir=manual',
      '--allow-net',
      '--allow-env',
      `--allow-read=${readable.join(',')}`,
      host,
      folder,
      String(port),
    ],
    {
      cwd: repository,
      detached: true,
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        ...env,
        DENO_DIR: cacheDir,
        DENO_NO_UPDATE_CHECK: '1',
        NO_COLOR: '1',
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  const exited = once(child, 'exit').catch(() => undefined);
  let lastLine = '';
  createInterface({ input: child.stderr }).on('line', (line) => log((lastLine = line)));
  const listening = await Promise.race([firstAddress(child, log), exited.then(() => undefined)]);
  if (listening === undefined)
    throw new Error(`The edge functions didn't start: ${lastLine || 'Deno exited at once'}`);
  let isUp = true;
  void exited.then(() => (isUp = false));
  return {
    address: () => (isUp ? listening : undefined),
    exited,
    isWanted: true,
    async stop() {
      if (!isUp) return;
      child.kill('SIGTERM');
      const isLate = await Promise.race([
        exited.then(() => false),
        sleep(STOP_TIMEOUT_MS, true, { ref: false }),
      ]);
      if (isLate) child.kill('SIGKILL');
      await exited;
    },
  };
}

function firstAddress(child: ChildProcess, log: (line: string) => void): Promise<string> {
  return new Promise((resolveAddress) => {
    if (!child.stdout) throw new Error('The process has no stdout.');
    let isFirst = true;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!isFirst) return log(line);
      isFirst = false;
      const { port } = JSON.parse(line) as { port: number };
      resolveAddress(`http://127.0.0.1:${port}`);
    });
  });
}
