import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort from 'get-port';
import type { Connection } from '@patchbay/shared/engine/session/connection';
import { openConnection } from '@patchbay/shared/engine/session/open-connection';
import { probe } from '@patchbay/shared/engine/probe/probe';
import type { Credential } from '@patchbay/shared/engine/session/target';
import { afterEach, describe, expect, it } from 'vitest';
import { startServer } from './server-process.ts';

const ownProgram = (name: string): string => join(import.meta.dirname, '../../node_modules/.bin', name);
const NONE: Credential = { method: 'none' };
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function start(program: string, args: readonly string[], port: number) {
  const server = await startServer({ command: ownProgram(program), args, port });
  cleanups.push(() => server.kill());
  return server;
}

function connect(url: string, credential = NONE) {
  const states: string[] = [];
  const connection: Connection = openConnection(
    {
      serverId: 'public',
      configVersion: 1,
      url,
      transport: 'auto',
      credential,
      callTimeoutMs: 15_000,
      maxConcurrency: 4,
    },
    { policy: 'local', onState: ({ name }) => states.push(name) },
  );
  cleanups.push(() => connection.close());
  return { connection, states };
}

/** server-memory speaks only stdio. */
async function proxyArgs(port: number, ...more: string[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-memory-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const command = ['env', `MEMORY_FILE_PATH=${join(folder, 'memory.json')}`];
  const memory = [ownProgram('mcp-server-memory')];
  return ['--host', '127.0.0.1', '--port', String(port), ...more, '--', ...command, ...memory];
}

describe.each([
  ['in the newer era', '/mcp', [], '2026-07-28'],
  ['in the older era', '/mcp', ['--no-modern'], '2025-11-25'],
  ['over the old SSE', '/sse', [], '2025-11-25'],
] as const)('mcp-proxy with server-memory, %s', (_how, path, options, version) => {
  it('is tested, called, killed, and found again by the first call', async () => {
    const port = await getPort({ host: '127.0.0.1' });
    const args = await proxyArgs(port, ...options);
    const server = await start('mcp-proxy', args, port);
    const url = `http://127.0.0.1:${port}${path}`;
    const result = await probe({ url, transport: 'auto', credential: NONE }, { policy: 'local' });
    expect(result).toMatchObject({ ok: true, protocol_version: version, skipped: [] });

    const { connection } = connect(url);
    const entity = { name: 'Ada', entityType: 'person', observations: ['likes engines'] };
    await connection.call('create_entities', { entities: [entity] });
    expect((await connection.call('read_graph', {})).text).toContain('likes engines');

    await server.kill();
    await start('mcp-proxy', args, port);
    // The graph is in a file, so it outlives the process.
    expect((await connection.call('read_graph', {}, { repeatable: true })).text).toContain('likes engines');
  });
});

it('mcp-proxy with a key lets nobody in without it', async () => {
  const port = await getPort({ host: '127.0.0.1' });
  await start('mcp-proxy', await proxyArgs(port, '--apiKey', 'right'), port);
  const url = `http://127.0.0.1:${port}/mcp`;
  const key = (secret: string): Credential => ({ method: 'api_key', header: 'X-API-Key', secret });
  const test = (credential: Credential) => probe({ url, transport: 'auto', credential }, { policy: 'local' });
  expect(await test(NONE)).toMatchObject({ ok: false, phase: 'authenticate', code: 'unauthorized' });
  expect(await test(key('wrong'))).toMatchObject({ ok: false, phase: 'authenticate', code: 'unauthorized' });
  const { connection } = connect(url, key('right'));
  expect((await connection.call('read_graph', {})).isError).toBe(false);
});

it('mcp-server-chart: none of its 27 heavy schemas is lost', async () => {
  const port = await getPort({ host: '127.0.0.1' });
  await start('mcp-server-chart', ['--transport', 'streamable', '--port', String(port)], port);
  const url = `http://127.0.0.1:${port}/mcp`;
  const result = await probe({ url, transport: 'auto', credential: NONE }, { policy: 'local' });
  expect(result).toMatchObject({ ok: true, skipped: [] });
  if (!result.ok) return;
  expect(result.tools).toHaveLength(27);
  expect(JSON.stringify(result.tools).length).toBeGreaterThan(50_000);
});
