import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { dropDeadIdleProcesses, poolPrototype, type PoolInternals } from './dead-idle-process.ts';

interface Executor {
  proc: ChildProcess;
  launchJob: (info: unknown) => Promise<void>;
}

describe('a killed warm process', () => {
  const started: ChildProcess[] = [];
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
  });

  async function warmProcess(given: unknown[]): Promise<Executor> {
    const script = "process.send('up'); process.on('message', () => {})";
    const proc = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    started.push(proc);
    await once(proc, 'message');
    return {
      proc,
      launchJob: async (info) => {
        if (!proc.connected) throw new Error('Channel closed');
        given.push(info);
      },
    };
  }

  async function launchOnDeadPool(prototype: PoolInternals): Promise<unknown[]> {
    const given: unknown[] = [];
    const { Queue } = (await import(new URL('utils.js', import.meta.resolve('@livekit/agents')).href)) as {
      Queue: new () => { items: unknown[]; put: (entry: unknown) => Promise<void> };
    };
    const queue = new Queue();
    const pool = Object.assign(Object.create(prototype) as PoolInternals, {
      procMutex: {},
      warmedProcQueue: queue,
    });
    const dead = await warmProcess(given);
    await queue.put({
      proc: dead,
      unlock: () => void warmProcess(given).then((proc) => queue.put({ proc, unlock: () => undefined })),
    });
    dead.proc.kill('SIGKILL');
    await once(dead.proc, 'exit');
    await pool.launchJob('conversation');
    return given;
  }

  it('still needed: without the workaround it loses the next conversation', async () => {
    await expect(launchOnDeadPool(poolPrototype)).rejects.toThrow('Channel closed');
  });

  it('is dropped, and the next conversation goes to a running process', async () => {
    const patched = Object.create(poolPrototype) as PoolInternals;
    dropDeadIdleProcesses(patched);
    expect(await launchOnDeadPool(patched)).toEqual(['conversation']);
  });
});
