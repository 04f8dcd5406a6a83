import { afterEach, vi } from 'vitest';
import type { Connection, ConnectionOptions } from '../../src/engine/session/connection.ts';
import { openConnection } from '../../src/engine/session/open-connection.ts';
import type { ServerTarget } from '../../src/engine/session/target.ts';
import { until, type TestServer } from './listen.ts';
import { startScriptedServer, type ScriptedRequest, type ScriptedServer } from './scripted-server.ts';
import {
  startSessionServer,
  type FaultServer,
  type FaultServerOptions,
  type SessionServerOptions,
} from './session-server.ts';
import { startStatelessServer } from './stateless-server.ts';

/** What a test opened and must close; the newest first, so that connections go before their servers. */
export const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  vi.useRealTimers();
});

/** A server of the era of sessions, stopped after the test. */
export async function serve(options?: SessionServerOptions) {
  const server = await startSessionServer(options);
  cleanups.push(() => server.stop());
  return server;
}

/** A scripted server that is stopped after the test. */
export async function serveScript(script: (request: ScriptedRequest) => boolean): Promise<ScriptedServer> {
  const server = await startScriptedServer(script);
  cleanups.push(() => server.stop());
  return server;
}

export const ERAS = ['legacy', 'modern'] as const;

/** A server of either era, stopped after the test. */
export async function serveEra(
  era: (typeof ERAS)[number],
  options?: FaultServerOptions,
): Promise<FaultServer> {
  if (era === 'legacy') return serve(options);
  const server = await startStatelessServer(options);
  cleanups.push(() => server.stop());
  return server;
}

/** A connection that is closed after the test, with its events. */
export function connect(
  server: Pick<TestServer, 'url'>,
  changes: Partial<ServerTarget> = {},
  options: Pick<ConnectionOptions, 'now' | 'admit'> = {},
) {
  const target: ServerTarget = {
    serverId: 'server',
    configVersion: 1,
    url: server.url,
    transport: 'auto',
    credential: { method: 'none' },
    callTimeoutMs: 10_000,
    maxConcurrency: 4,
    ...changes,
  };
  const states: string[] = [];
  const catalogs: string[][] = [];
  const connection: Connection = openConnection(target, {
    policy: 'local',
    onState: ({ name }) => states.push(name),
    onCatalog: ({ tools }) => catalogs.push(tools.map(({ name }) => name)),
    random: () => 0.2,
    ...options,
  });
  cleanups.push(() => connection.close());
  const ready = () => until(() => connection.state.name === 'ready', 'the connection to be ready');
  return { connection, states, catalogs, ready };
}

/** What a call came to: its words, or the code of its error. */
export const outcome = (call: ReturnType<Connection['call']>) =>
  call.then(
    ({ speech }) => speech,
    (error: { code: string }) => error.code,
  );
