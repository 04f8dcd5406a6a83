import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { ChildFailed, createChild, type Child, type ChildSpec } from './child.ts';
import { identify } from './process-identity.ts';
import { startWatchdog } from './watchdog.ts';

const folder = mkdtempSync(join(tmpdir(), 'patchbay-child-'));
const watchdog = startWatchdog();
const children: Child[] = [];
const pids: (number | undefined)[] = [];
const said: string[] = [];

afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.stop()));
  pids.length = 0;
  said.length = 0;
});
afterAll(async () => {
  await watchdog.close();
  rmSync(folder, { recursive: true, force: true });
});

function child(script: string, more: Partial<ChildSpec> = {}): { child: Child; mark: string } {
  const mark = join(folder, `${children.length}-${Math.random()}`);
  const made = createChild(
    {
      name: 'part',
      command: '/bin/sh',
      args: ['-c', script],
      cwd: folder,
      env: { ...process.env, MARK: mark },
      isReady: async () => readLines(mark).length > 0,
      readyTimeoutMs: 5_000,
      restartDelayMs: 20,
      stopTimeoutMs: 300,
      stderrIsLog: false,
      ...more,
    },
    { logFolder: folder, watchdog, say: (text) => said.push(text), onPid: (_name, pid) => pids.push(pid) },
  );
  children.push(made);
  return { child: made, mark };
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

const isGone = (pid: number | string | undefined) =>
  vi.waitFor(() => expect(identify(Number(pid))).toBeNull(), { timeout: 8_000, interval: 20 });

describe('a supervised child', () => {
  it('is up once it responds, and stops with everything it started', async () => {
    const { child: part, mark } = child('sleep 60 & echo $! > "$MARK"; wait');
    await part.start();
    const [sleeper] = readLines(mark);
    expect(identify(Number(sleeper))).not.toBeNull();
    await part.stop();
    await isGone(pids[0]);
    await isGone(sleeper);
  });

  it('is killed if it ignores SIGTERM', async () => {
    const { child: part } = child('trap "" TERM; echo up > "$MARK"; while :; do sleep 0.05; done');
    await part.start();
    await part.stop();
    await isGone(pids[0]);
  });

  it('is restarted after a crash, and what the crash left behind is stopped', async () => {
    const { child: part, mark } = child('sleep 60 & echo $! >> "$MARK"; wait');
    await part.start();
    const [first, [orphan]] = [pids[0], readLines(mark)];
    process.kill(Number(first), 'SIGKILL');
    await vi.waitFor(() => expect(said.at(-1)).toBe('part is back'), { timeout: 5_000 });
    expect(said[0]).toContain('was ended by SIGKILL');
    expect(pids).toEqual([first, undefined, expect.any(Number)]);
    expect(pids[2]).not.toBe(first);
    await isGone(orphan);
  });

  it('reports its last output if it crashes during startup', async () => {
    const { child: part } = child('echo "no database there" >&2; exit 3');
    const failure = await part.start().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ChildFailed);
    expect((failure as Error).message).toContain('exited with code 3');
    expect((failure as Error).message).toContain('| no database there');
    expect(said).toContain('part: no database there');
  });

  it('is stopped if it never responds', async () => {
    const { child: part } = child('sleep 60', { readyTimeoutMs: 100 });
    await expect(part.start()).rejects.toThrow("didn't respond within 0.1 s");
    await isGone(pids[0]);
  });

  it('reports that it cannot be started', async () => {
    const { child: part } = child('', { command: join(folder, 'not-there') });
    await expect(part.start()).rejects.toThrow("couldn't be started");
  });

  it('gets a new process on a restart, and can be stopped in the middle of one', async () => {
    const { child: part } = child(
      'echo up >> "$MARK"; trap "sleep 0.1; exit" TERM; while :; do sleep 0.02; done',
    );
    await part.start();
    await part.restart();
    expect(pids).toEqual([expect.any(Number), undefined, expect.any(Number)]);
    const restarting = part.restart();
    await part.stop();
    await restarting;
    for (const pid of pids) if (pid !== undefined) await isGone(pid);
    expect(pids.at(-1)).toBeUndefined();
  });

  it('can be stopped during startup, and is not started again', async () => {
    const { child: part } = child('sleep 60');
    const starting = part.start().catch((error: unknown) => error);
    await vi.waitFor(() => expect(pids).toHaveLength(1));
    await part.stop();
    expect(await starting).toBeInstanceOf(ChildFailed);
    await isGone(pids[0]);
    await sleep(60);
    expect(pids.filter((pid) => pid !== undefined)).toHaveLength(1);
  });
});

describe('the watchdog', () => {
  it('stops the children of a killed supervisor', async () => {
    const mark = join(folder, 'orphans');
    const program = join(folder, 'supervisor.ts');
    writeFileSync(
      program,
      `import { existsSync, renameSync } from 'node:fs';
      import { createChild } from '${join(import.meta.dirname, 'child.ts')}';
      import { startWatchdog } from '${join(import.meta.dirname, 'watchdog.ts')}';
      const context = { logFolder: ${JSON.stringify(folder)}, watchdog: startWatchdog(), say() {}, onPid() {} };
      const part = createChild({ name: 'orphan', command: '/bin/sh', cwd: '/', env: process.env,
        args: ['-c', 'sleep 60 & echo $$ $! > "${mark}.new"; wait'], isReady: async () => existsSync('${mark}.new'),
        readyTimeoutMs: 5000, restartDelayMs: 20, stopTimeoutMs: 300, stderrIsLog: false }, context);
      await part.start();
      renameSync('${mark}.new', '${mark}');
      setInterval(() => {}, 1000);`,
    );
    const supervisor = spawn(process.execPath, [program], { stdio: 'ignore' });
    await vi.waitFor(() => expect(readLines(mark)).toHaveLength(1), { timeout: 5_000 });
    const [shell, sleeper] = (readLines(mark)[0] ?? '').split(' ');
    supervisor.kill('SIGKILL');
    await isGone(shell);
    await isGone(sleeper);
  });
});
