import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The program itself, with a LiveKit server that does not answer. */
async function startProgram(): Promise<{ child: ChildProcess; healthUrl: string }> {
  const port = await unusedPort();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    stdio: 'ignore',
    env: {
      PATH: process.env['PATH'],
      SUPABASE_URL: 'http://127.0.0.1:1',
      SUPABASE_SECRET_KEY: 'x',
      LIVEKIT_URL: `ws://127.0.0.1:${await unusedPort()}`,
      LIVEKIT_API_KEY: 'x',
      LIVEKIT_API_SECRET: 'x',
      OPENAI_API_KEY: 'x',
      PATCHBAY_SECRETS_KEYS: `x:${randomBytes(32).toString('base64')}`,
      PATCHBAY_WORKER_PORT: String(port),
    },
  });
  started.push(child);
  return { child, healthUrl: `http://127.0.0.1:${port}/` };
}

describe('the worker process', { timeout: 150_000 }, () => {
  it('is unhealthy while it is not registered, and ends when it is told to', async () => {
    const { child, healthUrl } = await startProgram();
    const health = () =>
      fetch(healthUrl).then(
        ({ status }) => status,
        () => null,
      );
    await expect.poll(health, { timeout: 60_000 }).toBe(503);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});
