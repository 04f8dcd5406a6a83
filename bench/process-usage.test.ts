import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cpuSecondsOf, memoryOf } from './process-usage.ts';

describe.runIf(existsSync('/proc/self/smaps_rollup'))('the usage of a process', () => {
  it('is its memory, in MB', () => {
    const before = memoryOf(process.pid);
    const held = Buffer.alloc(64 * 2 ** 20, 1);
    const after = memoryOf(process.pid);
    expect(held.length).toBe(64 * 2 ** 20);
    expect(after.anonymousMb - before.anonymousMb).toBeGreaterThan(48);
    expect(after.pssMb).toBeGreaterThanOrEqual(after.anonymousMb * 0.9);
    expect(after.pssMb).toBeLessThan(8_192);
  });

  it('is the CPU time that Node itself counts', () => {
    const { user, system } = process.cpuUsage();
    expect(Math.abs(cpuSecondsOf(process.pid) - (user + system) / 1e6)).toBeLessThan(0.1);
  });
});
