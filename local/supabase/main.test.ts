import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, mkdtemp, writeFile } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';

let dataDir: string;
let base: number;
const started: ChildProcess[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'patchbay-main-'));
  base = await freeBase();
});

afterAll(async () => {
  for (const child of started)
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

/** Below the system's ephemeral ports, so that no other test takes one. */
async function freeBase(): Promise<number> {
  for (;;) {
    const candidate = 20_000 + Math.floor(Math.random() * 1_000) * 10;
    if ((await portsInUse(candidate)).length === 0) return candidate;
  }
}

async function portsInUse(from = base): Promise<number[]> {
  const ports = [from + 1, from + 2, from + 3];
  const inUse = await Promise.all(ports.map(isListening));
  return ports.filter((_, index) => inUse[index]);
}

function isListening(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.destroy() && done(true));
    socket.once('error', () => done(false));
  });
}

interface Run {
  child: ChildProcess;
  stderr: () => string;
  ready: Promise<{ url: string } | undefined>;
  exitCode: Promise<unknown>;
}

function run(): Run {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: { ...process.env, PATCHBAY_PORT_BASE: String(base), PATCHBAY_DATA_DIR: dataDir },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  started.push(child);
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  return {
    child,
    stderr: () => stderr,
    ready: Promise.race([
      once(lines, 'line').then(([line]) => JSON.parse(String(line)) as { url: string }),
      once(lines, 'close').then(() => undefined),
    ]),
    exitCode: once(child, 'exit').then(([code, signal]: unknown[]) => code ?? signal),
  };
}

async function postgresPid(): Promise<number> {
  return Number.parseInt(await readFile(join(dataDir, 'postgres/postmaster.pid'), 'utf8'), 10);
}

test('prints one line when it is ready, and leaves nothing behind on SIGTERM', async () => {
  const { child, ready, exitCode } = run();
  const { url } = (await ready) ?? {};
  expect(url).toBe(`http://127.0.0.1:${base + 1}`);
  expect(await portsInUse()).toHaveLength(3);
  child.kill('SIGTERM');
  expect(await exitCode).toBe(0);
  expect(await portsInUse()).toEqual([]);
}, 60_000);

test('ends when its parent has gone', async () => {
  const { child, ready, exitCode } = run();
  await ready;
  child.stdin?.end();
  expect(await exitCode).toBe(0);
  expect(await portsInUse()).toEqual([]);
}, 30_000);

test('a kill takes its children along, and the next start works on the same data', async () => {
  const first = run();
  expect(await first.ready).toBeDefined();
  first.child.kill('SIGKILL');
  await first.exitCode;
  const second = run();
  expect(await second.ready, second.stderr()).toBeDefined();
  second.child.kill('SIGTERM');
  expect(await second.exitCode).toBe(0);
}, 30_000);

test('a lock of a crash whose process number now belongs to another is no hindrance', async () => {
  await writeFile(join(dataDir, 'postgres/postmaster.pid'), `${process.pid}\n${dataDir}/postgres\n`);
  const { child, ready, exitCode, stderr } = run();
  expect(await ready, stderr()).toBeDefined();
  child.kill('SIGTERM');
  expect(await exitCode).toBe(0);
}, 30_000);

test('when the database dies, so does the process, and says so', async () => {
  const { child, ready, exitCode, stderr } = run();
  const { url } = (await ready) ?? { url: '' };
  const { publishableKey } = JSON.parse(await readFile(join(dataDir, 'keys.json'), 'utf8')) as {
    publishableKey: string;
  };
  const ask = async (): Promise<void> => {
    while (child.exitCode === null)
      await fetch(`${url}/rest/v1/mcp_servers`, { headers: { apikey: publishableKey } }).catch(
        () => undefined,
      );
  };
  const askers = Array.from({ length: 40 }, ask);
  process.kill(await postgresPid(), 'SIGKILL');
  expect(await exitCode).toBe(1);
  await Promise.all(askers);
  expect(stderr()).toContain('Postgres exited');
  await expect.poll(() => portsInUse()).toEqual([]);
}, 30_000);

test('a port in use is named', async () => {
  const server = createServer().listen(base + 1, '127.0.0.1');
  await once(server, 'listening');
  const { ready, exitCode, stderr } = run();
  expect(await ready).toBeUndefined();
  expect(await exitCode).toBe(1);
  expect(stderr()).toContain(`Port ${base + 1} is in use`);
  server.close();
}, 30_000);
