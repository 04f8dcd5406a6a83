import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@supabase/supabase-js';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findFreeBlock, portsFrom } from '../../local/stack/ports.ts';
import { identify, isRunning, type ProcessIdentity } from '../../local/processes/process-identity.ts';
import { readStack, stackFile, type Stack } from '../../local/stack/stack-file.ts';

const PROGRAM = join(import.meta.dirname, 'fixtures/supervisor.ts');
const dataDir = mkdtempSync(join(tmpdir(), 'patchbay test '));
// Postgres drops root privileges and needs to enter this folder.
chmodSync(dataDir, 0o755);
const supervisors: ChildProcess[] = [];
let portBase = 0;

beforeAll(async () => {
  portBase = (await findFreeBlock(6100)).base;
});
afterAll(async () => {
  const running = supervisors.filter((child) => child.exitCode === null && child.signalCode === null);
  await Promise.all(
    running.map((child) => {
      child.kill('SIGTERM');
      return once(child, 'exit');
    }),
  );
  rmSync(dataDir, { recursive: true, force: true });
});

function start(
  env: NodeJS.ProcessEnv = {},
  args: string[] = [],
): { process: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { ...process.env, TEST_DATA_DIR: dataDir, PATCHBAY_PORT_BASE: String(portBase), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  supervisors.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)));
  return { process: child, output: () => text };
}

async function startAndWait(env: NodeJS.ProcessEnv = {}, args: string[] = []) {
  const started = start(env, args);
  await vi.waitFor(() => expect(started.output()).toContain('Patchbay is up'), {
    timeout: 100_000,
    interval: 50,
  });
  return { ...started, stack: currentStack() };
}

function currentStack(): Stack {
  const stack = readStack(dataDir);
  if (!stack) throw new Error('there is no stack.json');
  return stack;
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

/** By parent process, whatever group each is in. */
function descendants(pid: number): ProcessIdentity[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), parent: parentOf(name) }));
  const found: ProcessIdentity[] = [];
  const queue = [pid];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const child of parents.filter(({ parent }) => parent === next)) {
      const identity = identify(child.pid);
      if (identity) found.push(identity);
      queue.push(child.pid);
    }
  }
  return found;
}

function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

async function signIn({ supabase_url, publishable_key, demo }: Stack): Promise<string | undefined> {
  const client = createClient(supabase_url, publishable_key, { auth: { persistSession: false } });
  const { data } = await client.auth.signInWithPassword(demo);
  return data.user?.id;
}

describe.runIf(process.platform === 'linux')('a stack', () => {
  let userId: string | undefined;

  it('comes up, tells where it is, and only its owner may read that', async () => {
    const { stack, output } = await startAndWait();
    expect(stack.web_url).toBe(`http://127.0.0.1:${portBase}`);
    expect(output()).toContain(stack.web_url);
    expect(output()).toContain(stack.demo.email);
    expect(statSync(stackFile(dataDir)).mode & 0o777).toBe(0o600);
    for (const secret of [stack.secret_key, stack.livekit_api_secret, stack.database_url ?? '-']) {
      expect(output()).not.toContain(secret);
    }
    const logs = join(dataDir, 'logs');
    const written = readdirSync(logs).map((name) => readFileSync(join(logs, name), 'utf8'));
    expect(written.join('\n')).not.toContain(stack.secret_key);
    expect((await fetch(stack.web_url)).status).toBeLessThan(400);
    userId = await signIn(stack);
    expect(userId).toBeDefined();
  });

  it('is one at a time: a second start says where the first is', async () => {
    const second = start();
    expect(await exitCode(second.process)).toBe(0);
    expect(second.output()).toContain(`already running in this checkout, at ${currentStack().web_url}`);
    const fresh = start({}, ['--fresh']);
    expect(await exitCode(fresh.process)).toBe(1);
  });

  it('brings a killed part back, and stack.json tells its new process', async () => {
    const before = currentStack().pids['clock'] ?? 0;
    process.kill(before, 'SIGKILL');
    await vi.waitFor(() => expect(currentStack().pids).not.toHaveProperty('clock'), { timeout: 4_000 });
    await vi.waitFor(() => expect(currentStack().pids['clock']).toBeGreaterThan(0), { timeout: 15_000 });
    expect(currentStack().pids['clock']).not.toBe(before);
  });

  it('leaves nothing running after SIGTERM', async () => {
    const [first] = supervisors;
    const below = descendants(first?.pid ?? 0);
    expect(below.length).toBeGreaterThan(8);
    first?.kill('SIGTERM');
    expect(await exitCode(first as ChildProcess)).toBe(0);
    expect(below.filter(isRunning)).toEqual([]);
    expect(readStack(dataDir)).toBeNull();
  });

  it('leaves nothing running when it is killed, and comes up again with its data', async () => {
    const { process: killed } = await startAndWait();
    const below = descendants(killed.pid ?? 0);
    killed.kill('SIGKILL');
    await vi.waitFor(() => expect(below.filter(isRunning)).toEqual([]), { timeout: 15_000, interval: 100 });
    const again = await startAndWait();
    expect(await signIn(again.stack)).toBe(userId);
    again.process.kill('SIGINT');
    expect(await exitCode(again.process)).toBe(0);
  });

  it('leaves nothing running when a part cannot come up', async () => {
    const failing = start({ PATCHBAY_SECRETS_KEYS: 'not a key' });
    const below = new Map<number, ProcessIdentity>();
    const look = setInterval(() => {
      for (const identity of descendants(failing.process.pid ?? 0)) below.set(identity.pid, identity);
    }, 50);
    expect(await exitCode(failing.process)).toBe(1);
    clearInterval(look);
    expect(below.size).toBeGreaterThan(0);
    expect([...below.values()].filter(isRunning)).toEqual([]);
    expect(failing.output()).toMatch(/(worker|monitor) exited with code 1 during startup/);
  });

  it('names a port that is in use, and how to choose others', async () => {
    const other = createServer().listen(portsFrom(portBase).model, '127.0.0.1');
    await once(other, 'listening');
    const refused = start();
    expect(await exitCode(refused.process)).toBe(1);
    expect(refused.output()).toContain(`Port ${portBase + 7} (model) is in use`);
    expect(refused.output()).toContain('PATCHBAY_PORT_BASE');
    other.close();
  });

  describe('whose data are set aside by --fresh', () => {
    let first: string | undefined;

    it('begins anew, and says where they are', async () => {
      const { process: old, stack } = await startAndWait();
      first = await signIn(stack);
      expect(first).toBeDefined();
      old.kill('SIGTERM');
      await exitCode(old);
      const fresh = await startAndWait({}, ['--fresh']);
      expect(fresh.output()).toMatch(
        /The old data is in \S.*data-\d{8}-\d{6}\. Delete it, or see docs\/upgrade\.md/,
      );
      expect(fresh.stack.demo.password).not.toBe(stack.demo.password);
      expect(await signIn(fresh.stack)).not.toBe(first);
      fresh.process.kill('SIGTERM');
      expect(await exitCode(fresh.process)).toBe(0);
    });

    it('has them back when they are moved back, as docs/upgrade.md says', async () => {
      const names = ['supabase', 'secrets.json', 'seeded.json', 'logs'];
      const [aside = ''] = readdirSync(dataDir).filter((name) => name.startsWith('data-'));
      for (const name of names) rmSync(join(dataDir, name), { recursive: true });
      for (const name of names) renameSync(join(dataDir, aside, name), join(dataDir, name));
      const { process: again, stack } = await startAndWait();
      expect(await signIn(stack)).toBe(first);
      // Simulates a database of an older version.
      const sql = postgres(stack.database_url ?? '', { max: 1 });
      await sql`update supabase_migrations.schema_migrations set statements = array['select 1']
        where version = (select min(version) from supabase_migrations.schema_migrations)`;
      await sql.end();
      again.kill('SIGTERM');
      expect(await exitCode(again)).toBe(0);
    });

    it('says of a database from before 0.1.0 that it cannot be upgraded, and how servers are carried over', async () => {
      const refused = start();
      expect(await exitCode(refused.process)).toBe(1);
      expect(refused.output()).toMatch(
        /from before 0\.1\.0.* cannot be upgraded: \d+_\w+\.sql was changed since/,
      );
      for (const step of ['git reflog', '/workspace/transfer', 'npm start -- --fresh', 'docs/upgrade.md'])
        expect(refused.output()).toContain(step);
    });
  });
});
