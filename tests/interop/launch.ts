import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort from 'get-port';
import { install, type Installable } from './install.ts';
import { pinnedVersion } from './pinned.ts';
import { NOTES, type Place, type RegistryServer } from './registry-server.ts';
import { startServer, type ServerCommand, type ServerProcess } from './server-process.ts';

/** Only the first is part of `npm test`. */
const BRIDGES: Record<NonNullable<RegistryServer['bridge']>, Installable> = {
  'mcp-proxy': {
    name: 'mcp-proxy',
    from: 'npm',
    package: 'mcp-proxy',
    version: pinnedVersion('mcp-proxy'),
    program: 'mcp-proxy',
    isQuick: true,
  },
  supergateway: {
    name: 'supergateway',
    from: 'npm',
    package: 'supergateway',
    version: '4.0.0',
    program: 'supergateway',
  },
};

export interface Launched {
  url: string;
  place: Place;
  /** Restarts at the same address with its stored data. */
  killAndStart(): Promise<void>;
  end(): Promise<void>;
}

/** @param program the path of the installed program */
export async function launch(server: RegistryServer, program: string): Promise<Launched> {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-interop-'));
  writeFileSync(join(folder, 'notes.txt'), NOTES);
  mkdirSync(join(folder, 'home'));
  const place = { folder, port: await getPort({ host: '127.0.0.1' }) };
  const bridge = server.http ? null : await install(BRIDGES[server.bridge ?? 'mcp-proxy']);
  const command = commandFor(server, program, bridge, place);
  server.prepare?.(folder);
  const deleteFolder = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  let running: ServerProcess;
  try {
    running = await startServer(command);
  } catch (error) {
    deleteFolder();
    throw error;
  }
  return {
    url: `http://${server.http?.host ?? '127.0.0.1'}:${place.port}${server.http?.path ?? '/mcp'}`,
    place,
    async killAndStart() {
      await running.kill();
      running = await startServer(command);
    },
    async end() {
      await running.kill();
      deleteFolder();
    },
  };
}

/**
 * The command line of a server.
 * @param bridge the path of its bridge; null for a server that needs none
 */
export function commandFor(
  server: RegistryServer,
  program: string,
  bridge: string | null,
  place: Place,
): ServerCommand {
  const own = [program, ...(server.args?.(place) ?? [])];
  const port = String(place.port);
  const [command = '', ...args] = bridge === null ? own : [bridge, ...bridgeArgs(server, own, port)];
  return {
    command,
    args,
    // Files in its home folder are deleted with the run.
    env: { HOME: join(place.folder, 'home'), ...server.env?.(place) },
    cwd: place.folder,
    port: place.port,
  };
}

function bridgeArgs({ bridge }: RegistryServer, own: string[], port: string): string[] {
  if (bridge !== 'supergateway') return ['--host', '127.0.0.1', '--port', port, '--', ...own];
  // supergateway passes the command to a shell.
  const line = own.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
  return ['--stdio', line, '--outputTransport', 'streamableHttp', '--stateful', '--port', port];
}
