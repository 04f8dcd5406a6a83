import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capacityOf, CONVERSATION_MEMORY_MB, type Machine } from './capacity.ts';

const GB = 2 ** 30;
/** What Node answers on a machine without a limit (cgroup v2). */
const UNCONSTRAINED = 18_446_744_073_709_552_000;
const machine = (given: Partial<Machine>): Machine => ({
  totalBytes: 2 * GB,
  constrainedBytes: 0,
  cores: 1,
  ...given,
});

describe('the capacity of a worker', () => {
  it('is eight conversations on one core of its own with 2 GB', () => {
    expect(capacityOf(machine({}))).toBe(8);
  });

  it('leaves room on a machine of 2 GB for one process at its limit beside others of the usual size', () => {
    const usualMb = (capacityOf(machine({})) - 1) * 116 + 133;
    expect(usualMb + CONVERSATION_MEMORY_MB.kill).toBeLessThan(2048);
  });

  it('is bounded by memory where there is plenty of CPU', () => {
    expect(capacityOf(machine({ cores: 64 }))).toBe(11);
    expect(capacityOf(machine({ cores: 64, totalBytes: 4 * GB }))).toBe(24);
  });

  it('is bounded by CPU where there is plenty of memory', () => {
    expect(capacityOf(machine({ totalBytes: 64 * GB }))).toBe(8);
    expect(capacityOf(machine({ totalBytes: 64 * GB, cores: 2 }))).toBe(16);
  });

  it('is one on a machine whose shared CPUs sustain an eighth of a core, whatever its memory', () => {
    expect(capacityOf(machine({ totalBytes: 64 * GB, cores: 0.125 }))).toBe(1);
  });

  it('heeds the limit of a container', () => {
    expect(capacityOf(machine({ totalBytes: 64 * GB, constrainedBytes: 1 * GB, cores: 64 }))).toBe(4);
  });

  it('takes no limit from a container without one', () => {
    expect(capacityOf(machine({ constrainedBytes: 0 }))).toBe(8);
    expect(capacityOf(machine({ constrainedBytes: UNCONSTRAINED }))).toBe(8);
  });

  it('is a whole number of at least one, and grows with each resource', () => {
    const bytes = fc.integer({ min: 0, max: 256 }).map((megabytes) => megabytes * 64 * 2 ** 20);
    const cores = fc.double({ min: 0.01, max: 128, noNaN: true });
    fc.assert(
      fc.property(bytes, bytes, cores, cores, (totalBytes, moreBytes, some, more) => {
        const small = capacityOf(machine({ totalBytes, cores: some }));
        const large = capacityOf(machine({ totalBytes: totalBytes + moreBytes, cores: some + more }));
        expect(Number.isInteger(small)).toBe(true);
        expect(small).toBeGreaterThanOrEqual(1);
        expect(large).toBeGreaterThanOrEqual(small);
      }),
    );
  });
});
