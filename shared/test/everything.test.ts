/** Against the reference server, unmodified, as a process that can be killed; and from Deno. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import getPort from 'get-port';
import { afterEach, describe, expect, it } from 'vitest';
import { openConnection } from '../src/engine/session/open-connection.ts';
import { probe } from '../src/engine/probe/probe.ts';
import { until } from './support/listen.ts';

const require = createRequire(import.meta.url);
const EVERYTHING = join(
  dirname(require.resolve('@modelcontextprotocol/server-everything/package.json')),
  'dist/index.js',
);
const children: ChildProcess[] = [];

afterEach(async () => {
  await Promise.all(children.splice(0).map(kill));
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function start(mode: 'streamableHttp' | 'sse', port: number): Promise<ChildProcess> {
  const env = { ...process.env, PORT: String(port) };
  const child = spawn(process.execPath, [EVERYTHING, mode], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += String(chunk)));
  }
  await until(() => /listening|running on port/i.test(output), 'server-everything to start', 15_000);
  return child;
}

describe.each([
  ['streamableHttp', '/mcp', 'streamable_http'],
  ['sse', '/sse', 'sse'],
] as const)('server-everything over %s', (mode, path, transport) => {
  it('is found out, called, killed in a call, and found again', async () => {
    const port = await getPort({ host: '127.0.0.1' });
    const child = await start(mode, port);
    const url = `http://127.0.0.1:${port}${path}`;
    const result = await probe({ url, transport, credential: { method: 'none' } }, { policy: 'local' });
    expect(result).toMatchObject({ ok: true, server_info: { name: 'mcp-servers/everything' }, skipped: [] });

    const connection = openConnection(
      {
        serverId: 'everything',
        configVersion: 1,
        url,
        transport: 'auto',
        credential: { method: 'none' },
        callTimeoutMs: 20_000,
        maxConcurrency: 4,
      },
      { policy: 'local' },
    );
    try {
      expect((await connection.call('echo', { message: 'hi' })).speech).toBe('Echo: hi');
      const progress: number[] = [];
      const long = connection.call(
        'trigger-long-running-operation',
        { duration: 30, steps: 100 },
        { onProgress: (report) => progress.push(report.progress) },
      );
      const ending = long.catch((error: { code: string }) => error.code);
      await until(() => progress.length > 0, 'the first progress');
      const killedAt = performance.now();
      await kill(child);
      expect(await ending).toBe('connection_lost');
      expect(performance.now() - killedAt).toBeLessThan(3_000);

      await start(mode, port);
      expect((await connection.call('echo', { message: 'again' })).speech).toBe('Echo: again');
    } finally {
      await connection.close();
    }
  });
});

/** The hosted Deno version (see local/supabase/deno.ts), where npm put the binary for this machine. */
function findHostedDeno(): string {
  const folder = dirname(require.resolve('deno-hosted/package.json'));
  const [name] = readdirSync(join(folder, 'node_modules/@deno'));
  if (name === undefined) throw new Error('Deno is not installed.');
  return join(folder, 'node_modules/@deno', name, process.platform === 'win32' ? 'deno.exe' : 'deno');
}

it('the same engine runs on the hosted Deno version', async () => {
  const port = await getPort({ host: '127.0.0.1' });
  await start('streamableHttp', port);
  const script = join(import.meta.dirname, 'support/deno-end-to-end.ts');
  const child = spawn(
    findHostedDeno(),
    ['run', '--node-modules-dir=manual', '--no-lock', '-A', script, `http://127.0.0.1:${port}/mcp`],
    { cwd: join(import.meta.dirname, '../..'), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += String(chunk)));
  const [code] = (await once(child, 'exit')) as [number];
  expect(JSON.parse(output)).toEqual({
    probe: true,
    refused: 'connection_refused',
    insecure: 'tls_failed',
    blocked: 'blocked_address',
    call: 'Echo: from Deno',
    closed: 'closed',
  });
  expect(code).toBe(0);
});
