/**
 * Bug: A warm process that dies before its first job stays in the pool. The next conversation is given to it and gets
 * no agent.
 * Upstream: docs/upstream/dead-idle-process.md
 * Remove when the "still needed" test of dead-idle-process.test.ts fails.
 */
import { ProcPool } from '../../../../node_modules/@livekit/agents/dist/ipc/proc_pool.js';

interface WarmProcess {
  proc: { proc?: { connected: boolean } };
  /** Frees its place, so that the pool starts another process. */
  unlock: () => void;
}

export interface PoolInternals {
  warmedProcQueue: { items: WarmProcess[] };
  launchJob: (info: unknown) => Promise<void>;
}

/** Makes `launchJob` drop dead processes before it chooses one. */
export function dropDeadIdleProcesses(prototype: PoolInternals): void {
  const { launchJob } = prototype;
  prototype.launchJob = async function (this: PoolInternals, info) {
    const queue = this.warmedProcQueue;
    const alive = queue.items.filter(({ proc }) => proc.proc?.connected);
    const dead = queue.items.filter((entry) => !alive.includes(entry));
    queue.items = alive;
    for (const entry of dead) entry.unlock();
    await launchJob.call(this, info);
  };
}

/** Not exported by the package: the module that the framework itself loads. */
export const poolPrototype = ProcPool.prototype as unknown as PoolInternals;
