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

describe('the hold on a data directory', () => {
  it('is one process at a time', async () => {
    const held = await claim(folder, say);
    expect(findSupervisor(folder)?.pid).toBe(process.pid);
    await expect(claim(folder, say)).rejects.toThrow(AlreadyRunning);
    held.release();
    expect(findSupervisor(folder)).toBeNull();
    const again = await claim(folder, say);
    expect(again.isTakenOver).toBe(false);
    again.release();
  });

  it('goes to one of two that come at once', async () => {
    const ends = await Promise.allSettled([claim(folder, say), claim(folder, say), claim(folder, say)]);
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is taken over from a killed supervisor, whose children are ended', async () => {
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

  it('never ends a process that only has the number of a child', async () => {
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
