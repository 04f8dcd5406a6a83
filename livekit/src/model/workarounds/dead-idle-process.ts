/**
 * Defect: a warm process that dies before it gets a conversation stays in the pool, and the next conversation
 * is given to it: "Channel closed", and no agent comes until somebody asks again.
 * Upstream: https://github.com/livekit/agents-js/issues/2321
 * Removable when "a killed warm process" in dead-idle-process.test.ts passes without this workaround.
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
