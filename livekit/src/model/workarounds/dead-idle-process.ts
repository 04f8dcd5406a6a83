/**
 * Bug: A warm process that dies before its first job stays in the pool. The next conversation is given to it and gets
 * no agent.
 * Upstream: docs/upstream/dead-idle-process.md
 * Remove when the first test of dead-idle-process.test.ts fails.
 */
import { ProcPool } from '../../../../node_modules/@livekit/agents/dist/ipc/proc_pool.js';

/** A process of the pool that waits for a conversation, with its place in the pool. */
interface WarmProcess {
  proc: { proc?: { connected: boolean } };
  /** Gives the place back, so that the pool starts another process. */
  unlock: () => void;
}

/** The part of the framework's ProcPool that the workaround touches. */
export interface PoolInternals {
  warmedProcQueue: { items: WarmProcess[] };
  launchJob: (info: unknown) => Promise<void>;
}

/** Replaces `launchJob` so that processes which died while they waited are dropped before one is chosen. */
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

/** The pool's class, which the package does not export: the very module that the framework itself loads. */
export const poolPrototype = ProcPool.prototype as unknown as PoolInternals;
