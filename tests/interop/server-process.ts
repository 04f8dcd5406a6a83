import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { signalGroup } from '../../local/processes/process-identity.ts';

/** Milliseconds; some packages take seconds to load. */
const START_MS = 60_000;
const POLL_MS = 20;
const LOOPBACK_ONLY = pathToFileURL(join(import.meta.dirname, 'loopback-only.mjs')).href;

export interface ServerProcess {
  /** SIGKILL to the whole process group; resolves when it has ended. */
  kill(): Promise<void>;
  output(): string;
}

export interface ServerCommand {
  command: string;
  args: readonly string[];
  /** Beside PATH and HOME; nothing else of the environment is passed on. */
  env?: Record<string, string>;
  cwd?: string;
  port: number;
}

/**
 * Starts a server and waits until it listens. Servers that run on Node are kept to the loopback address.
 * @throws Error with what it wrote when it ends before that, or takes over a minute
 */
export async function startServer({ command, args, env, cwd, port }: ServerCommand): Promise<ServerProcess> {
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd !== undefined && { cwd }),
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      NODE_OPTIONS: `--disable-warning=ExperimentalWarning --import=${LOOPBACK_ONLY}`,
      ...env,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += String(chunk)));
  }
  child.once('error', (error) => (output += error.message));
  const deadline = performance.now() + START_MS;
  while (!(await isListening(port))) {
    const hasFailed = child.exitCode !== null || child.pid === undefined || performance.now() > deadline;
    if (hasFailed) {
      await kill(child);
      throw new Error(`${command} ${args.join(' ')} did not start:\n${output}`);
    }
    await delay(POLL_MS);
  }
  return { kill: () => kill(child), output: () => output };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  const isOver = child.exitCode !== null || child.signalCode !== null;
  // Child processes may outlive the server.
  signalGroup(child.pid, 'SIGKILL');
  if (!isOver) await once(child, 'exit');
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
