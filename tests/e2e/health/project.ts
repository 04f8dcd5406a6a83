import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort from 'get-port';
import postgres, { type Sql } from 'postgres';
import { startSupabase, type RunningSupabase } from '../../../local/supabase/start.ts';

const ROOT = join(import.meta.dirname, '../../..');
/** Seals no real secrets. */
const SECRETS_KEYS = `tests:${Buffer.alloc(32, 7).toString('base64')}`;

export interface HealthProject {
  /** Superuser connection; valid until the database is stopped. */
  readonly sql: Sql;
  readonly secretsKeys: string;
  readonly url: string;
  readonly secretKey: string;
  addWorkspace(): Promise<string>;
  addServer(workspaceId: string, url: string, more?: Record<string, string>): Promise<string>;
  watch(workspaceId: string): Promise<void>;
  /** @param speed divides the production intervals */
  startMonitor(speed: number, more?: Record<string, string>): ChildProcess;
  stopMonitor(monitor: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  stopDatabase(): Promise<void>;
  startDatabase(): Promise<void>;
  close(): Promise<void>;
}

export async function openHealthProject(): Promise<HealthProject> {
  const dataDir = await mkdtemp(join(tmpdir(), 'patchbay-health-'));
  const ports = {
    gateway: await getPort({ host: '127.0.0.1' }),
    postgres: await getPort({ host: '127.0.0.1' }),
    functions: 0,
  };
  const monitors = new Set<ChildProcess>();
  let supabase: RunningSupabase;
  let sql!: Sql;

  async function startDatabase(): Promise<void> {
    supabase = await startSupabase({ dataDir, ports, functionsDir: null });
    sql = postgres(supabase.databaseUrl, { max: 20, onnotice: () => undefined });
    // All servers are on one host, of one owner, and probed faster than in production.
    await sql`update limits set allowed = 1000000 where name like 'host_requests%' or name = 'servers_per_user'`;
  }
  async function stopDatabase(): Promise<void> {
    await sql.end({ timeout: 1 });
    await supabase.stop();
  }
  async function stopMonitor(monitor: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    monitors.delete(monitor);
    if (monitor.exitCode !== null || monitor.signalCode !== null) return;
    const gone = once(monitor, 'exit');
    monitor.kill(signal);
    await gone;
  }

  await startDatabase();
  return {
    get sql() {
      return sql;
    },
    secretsKeys: SECRETS_KEYS,
    get url() {
      return supabase.url;
    },
    get secretKey() {
      return supabase.secretKey;
    },
    async addWorkspace() {
      const email = `${crypto.randomUUID()}@patchbay.local`;
      await sql`insert into auth.users (id, email) values (gen_random_uuid(), ${email})`;
      const [workspace] = await sql<{ id: string }[]>`
        select w.id from workspaces w join auth.users u on u.id = w.created_by where u.email = ${email}`;
      if (!workspace) throw new Error('The user got no workspace.');
      // Tests and benchmarks need more servers than the default limit.
      await sql`insert into limits (name, workspace_id, allowed) values ('servers', ${workspace.id}, 10000)`;
      return workspace.id;
    },
    async addServer(workspaceId, url, more = {}) {
      const row = { workspace_id: workspaceId, name: 'test', url, ...more };
      const [server] = await sql<{ id: string }[]>`insert into mcp_servers ${sql(row)} returning id`;
      if (!server) throw new Error('The server was not added.');
      await sql`update mcp_server_health set due_at = now() where server_id = ${server.id}`;
      return server.id;
    },
    async watch(workspaceId) {
      await sql`
        insert into private.watched_workspaces values (${workspaceId}, now() + interval '1 hour')
        on conflict (workspace_id) do update set watched_until = excluded.watched_until`;
    },
    startMonitor(speed, more = {}) {
      const flags = ['--disable-warning=ExperimentalWarning'];
      const monitor = spawn(process.execPath, [...flags, 'tests/e2e/health/fast-monitor.ts'], {
        cwd: ROOT,
        stdio: 'ignore',
        env: {
          PATH: process.env['PATH'],
          SUPABASE_URL: supabase.url,
          SUPABASE_SECRET_KEY: supabase.secretKey,
          PATCHBAY_SECRETS_KEYS: SECRETS_KEYS,
          PATCHBAY_ADDRESS_POLICY: 'local',
          PATCHBAY_MONITOR_PORT: '0',
          MONITOR_SPEED: String(speed),
          ...more,
        },
      });
      monitors.add(monitor);
      return monitor;
    },
    stopMonitor,
    stopDatabase,
    startDatabase,
    async close() {
      await Promise.all([...monitors].map((monitor) => stopMonitor(monitor, 'SIGKILL')));
      await stopDatabase();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
