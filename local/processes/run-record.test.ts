import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { identify, isRunning } from './process-identity.ts';
import { AlreadyRunning, claim, findSupervisor } from './run-record.ts';
import { writeJson } from '../stack/stack-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'patchbay-run-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const say = vi.fn();

describe('the claim of a data directory', () => {
  it('belongs to one process at a time', async () => {
    const held = await claim(folder, say);
    expect(findSupervisor(folder)?.pid).toBe(process.pid);
    await expect(claim(folder, say)).rejects.toThrow(AlreadyRunning);
    held.release();
    expect(findSupervisor(folder)).toBeNull();
    const again = await claim(folder, say);
    expect(again.isTakenOver).toBe(false);
    again.release();
  });

  it('goes to only one of several simultaneous starts', async () => {
    const ends = await Promise.allSettled([claim(folder, say), claim(folder, say), claim(folder, say)]);
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is taken over from a killed supervisor, whose children are stopped', async () => {
    const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    const identity = identify(child.pid ?? 0);
    if (!identity) throw new Error('sleep did not start');
    const supervisor = { pid: process.pid, startedAt: 'another process that had this number' };
    writeJson(join(folder, 'running.json'), { supervisor, children: { clock: identity } });
    const held = await claim(folder, say);
    expect(held.isTakenOver).toBe(true);
    expect(isRunning(identity)).toBe(false);
    expect(say).toHaveBeenCalledWith(expect.stringContaining('clock'));
    held.release();
  });

  it("never stops a process that only reuses a child's pid", async () => {
    const bystander = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    const pid = bystander.pid ?? 0;
    const supervisor = { pid: process.pid, startedAt: 'gone' };
    writeJson(join(folder, 'running.json'), {
      supervisor,
      children: { clock: { pid, startedAt: 'long ago' } },
    });
    const held = await claim(folder, say);
    expect(identify(pid)).not.toBeNull();
    held.release();
    bystander.kill('SIGKILL');
  });
});
