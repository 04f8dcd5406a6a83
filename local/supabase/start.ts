import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import getPort from 'get-port';
import { getRequestListener } from '@hono/node-server';
import postgres, { type Sql } from 'postgres';
import { readAuthConfig } from './auth/config.ts';
import { createMailer } from './auth/mailer.ts';
import { startFunctions, type RunningFunctions } from './functions.ts';
import { createGateway } from './gateway.ts';
import { loadKeys } from './keys.ts';
import { createLite } from './lite.ts';
import { applyMigrations } from './migrations.ts';
import { startPostgres } from './postgres.ts';
import { startPruning } from './pruning.ts';
import { startRealtime } from './realtime/bridge.ts';
import { createTokens } from './tokens.ts';

export interface SupabaseOptions {
  /** Holds the database and the keys. */
  dataDir: string;
  /** 0 = any free port. */
  ports: { gateway: number; postgres: number; functions: number };
  /** Default: supabase/migrations of this repository. */
  migrationsDir?: string;
  /** Default: supabase/functions of this repository; null = no functions. */
  functionsDir?: string | null;
  functionsEnv?: Record<string, string>;
  /** For links in emails. Default: the gateway's own URL. */
  siteUrl?: string;
  /** How long Realtime accepts an API key on one connection. Default: an hour. */
  realtimeKeyTokenSeconds?: number;
  log?: (line: string) => void;
}

export interface RunningSupabase {
  url: string;
  publishableKey: string;
  secretKey: string;
  databaseUrl: string;
  migrated: string[];
  /** Resolves with the reason once the database has stopped, on request or not. */
  ended: Promise<string>;
  restartFunctions(): Promise<void>;
  stop(): Promise<void>;
}

const REPOSITORY = resolve(import.meta.dirname, '../..');

/**
 * Starts the project, and returns once all of it responds.
 * @throws Error if a part doesn't start, after stopping the others
 */
export async function startSupabase(options: SupabaseOptions): Promise<RunningSupabase> {
  const { dataDir, ports } = options;
  const log = options.log ?? (() => undefined);
  const stops: (() => Promise<void>)[] = [];
  async function stop(): Promise<void> {
    // Stops every part, even if another one has crashed.
    for (const stopPart of stops.splice(0).reverse()) {
      await stopPart().catch((error: unknown) => log(`Error while stopping: ${String(error)}`));
    }
  }

  try {
    const keys = await loadKeys(dataDir);
    const [gatewayServer, databasePort] = await Promise.all([
      listen(ports.gateway),
      ports.postgres === 0 ? getPort({ host: '127.0.0.1' }) : ports.postgres,
    ]);
    stops.push(() => closeServer(gatewayServer));
    const url = `http://127.0.0.1:${(gatewayServer.address() as AddressInfo).port}`;
    const tokens = await createTokens(keys);

    const database = await startPostgres({
      dataDir,
      port: databasePort,
      password: keys.databasePassword,
      log,
    });
    stops.push(() => database.stop());
    const siteUrl = options.siteUrl ?? url;
    const authConfig = await readAuthConfig();
    const { linkExpirySeconds, templates } = authConfig;
    const mailer = createMailer(templates, siteUrl);
    const lite = createLite({ databaseUrl: database.url, keys, siteUrl, url, linkExpirySeconds, mailer });
    stops.push(() => lite.close());
    await lite.prepare();
    const sql = postgres(database.url, { max: 8, onnotice: () => undefined });
    stops.push(() => sql.end({ timeout: 2 }));
    const migrated = await prepareDatabase(
      sql,
      options.migrationsDir ?? join(REPOSITORY, 'supabase/migrations'),
    );
    const stopPruning = await startPruning(sql, log);
    stops.push(() => Promise.resolve(stopPruning()));

    const functionsDir =
      options.functionsDir === undefined ? join(REPOSITORY, 'supabase/functions') : options.functionsDir;
    let functions: RunningFunctions | undefined;
    if (functionsDir !== null) {
      functions = await startFunctions({
        folder: functionsDir,
        repository: REPOSITORY,
        cacheDir: join(resolve(dataDir), 'deno'),
        port: ports.functions,
        env: {
          ...options.functionsEnv,
          SUPABASE_URL: url,
          SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: keys.publishableKey }),
          SUPABASE_SECRET_KEYS: JSON.stringify({ default: keys.secretKey }),
          SUPABASE_JWKS: JSON.stringify(tokens.jwks),
          // In a hosted project, operators import their own key.
          PATCHBAY_SIGNING_KEY: Buffer.from(JSON.stringify(keys.signingKey)).toString('base64'),
        },
        log: (line) => log(`functions: ${line}`),
      });
      stops.push(() => functions?.stop() ?? Promise.resolve());
    }

    const realtime = await startRealtime({
      server: gatewayServer,
      sql,
      keys,
      tokens,
      keyTokenSeconds: options.realtimeKeyTokenSeconds,
      log,
    });
    stops.push(() => realtime.stop());
    const functionsAddress = (): string | undefined => functions?.address();
    const gateway = createGateway({ lite, keys, tokens, sql, mailer, authConfig, url, functionsAddress });
    const answer = getRequestListener((request, env) => gateway.fetch(request, env));
    gatewayServer.off('request', notYet).on('request', (request, response) => void answer(request, response));
    return {
      url,
      publishableKey: keys.publishableKey,
      secretKey: keys.secretKey,
      databaseUrl: database.url,
      migrated,
      ended: database.exited,
      restartFunctions: async () => functions?.restart(),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Creates what a hosted project has before its first migration, and applies the migrations.
 * @param migrationsDir supabase/migrations, or a folder like it
 */
export async function prepareDatabase(sql: Sql, migrationsDir: string): Promise<string[]> {
  const prelude = await readFile(join(import.meta.dirname, 'prelude.sql'), 'utf8');
  await sql.unsafe(prelude).simple();
  return applyMigrations(sql, migrationsDir);
}

/** Takes the port before the slow parts start, so that a port in use is reported at once. */
async function listen(port: number): Promise<Server> {
  const server = createServer(notYet);
  await new Promise<void>((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const message = `Port ${port} is in use. Choose another block with PATCHBAY_PORT_BASE.`;
      fail(error.code === 'EADDRINUSE' ? new Error(message, { cause: error }) : error);
    });
    server.listen(port, '127.0.0.1', done);
  });
  return server;
}

function notYet(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(503, { 'retry-after': '1' }).end();
}

async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });
}
