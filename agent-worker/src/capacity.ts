/** What a machine gives its processes. */
export interface Machine {
  /** Physical memory, in bytes (`os.totalmem()`). */
  totalBytes: number;
  /** Limit of the container, in bytes (`process.constrainedMemory()`): 0 or a huge number where there is none. */
  constrainedBytes: number;
  /** Cores that it sustains; may be a fraction. */
  cores: number;
}

/** One conversation with fifty servers takes 116 MB; the rest is headroom. */
const CONVERSATION_BYTES = 160 * 2 ** 20;
/**
 * When the process of one conversation is logged as large, when it ends its conversation, and when the framework kills it,
 * in MB: multiples of the plan, since what all its servers hold together is limited well below. After a kill the page calls
 * another agent, as for any that is lost.
 */
export const CONVERSATION_MEMORY_MB = { warn: 400, end: 640, kill: 768 };
/** The worker itself and its idle process: 133 MB, and headroom. */
const WORKER_BYTES = 256 * 2 ** 20;
/** One conversation while the agent talks, in cores. */
const CONVERSATION_CORES = 0.1;
/** The rest is for the worker, for processes that start, and for bursts. */
const USABLE_CORES = 0.8;

/**
 * How many conversations a machine can hold at once: as many as both its memory and its CPU allow, and at least one.
 * Sound stutters when the CPU is short, so memory alone is no measure. docs/scale.md says how both were measured.
 */
export function capacityOf({ totalBytes, constrainedBytes, cores }: Machine): number {
  const bytes = constrainedBytes > 0 ? Math.min(totalBytes, constrainedBytes) : totalBytes;
  const byMemory = (bytes - WORKER_BYTES) / CONVERSATION_BYTES;
  const byCpu = (cores * USABLE_CORES) / CONVERSATION_CORES;
  return Math.max(1, Math.floor(Math.min(byMemory, byCpu)));
}
