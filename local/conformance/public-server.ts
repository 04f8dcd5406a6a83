/** A server from npm as it comes, run as a process that can be killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const BIN = join(import.meta.dirname, '../../node_modules/.bin');
const START_MS = 20_000;
const LOOK_AGAIN_MS = 20;

export interface PublicServer {
  /** Kills it with no chance to say good-bye, and waits until it is gone. */
  kill(): Promise<void>;
}

/** A port of 127.0.0.1 that nobody has at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** The path of a program that a package brings. */
export function programOf(name: string): string {
  return join(BIN, name);
}

/**
 * Starts a program of a package and waits until it listens.
 * @throws Error with its own words when it ends before that, or takes too long
 */
export async function startPublicServer(
  program: string,
  args: readonly string[],
  port: number,
): Promise<PublicServer> {
  const child = spawn(process.execPath, [programOf(program), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += String(chunk)));
  }
  const deadline = performance.now() + START_MS;
  while (!(await isListening(port))) {
    const isOver = child.exitCode !== null || performance.now() > deadline;
    if (isOver) {
      await kill(child);
      throw new Error(`${program} did not start:\n${output}`);
    }
    await delay(LOOK_AGAIN_MS);
  }
  return { kill: () => kill(child) };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
