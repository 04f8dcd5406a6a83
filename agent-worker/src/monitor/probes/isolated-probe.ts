/** Probes a server in a process of its own, so a crash takes nothing else down. */
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { ProbeJob } from '../database.ts';
import { PROBE_TIMEOUT_MS, type ProbeOutcome } from './prober.ts';

/** The argument that makes a process of the monitor answer one probe. */
export const ISOLATED = 'probe-isolated';
const HEAP_MB = 256;
const STARTS_WITHIN_MS = 10_000;

/**
 * @param program the monitor's own file
 * @returns null when the process ended without an answer, or had none in time
 */
export async function probeIsolated(job: ProbeJob, program: string): Promise<ProbeOutcome | null> {
  const child = fork(program, [ISOLATED], {
    execArgv: [...process.execArgv, `--max-old-space-size=${HEAP_MB}`],
    serialization: 'advanced',
    stdio: 'ignore',
    timeout: PROBE_TIMEOUT_MS + STARTS_WITHIN_MS,
    killSignal: 'SIGKILL',
  });
  const answer = Promise.withResolvers<ProbeOutcome | null>();
  child.once('message', (outcome) => answer.resolve(outcome as ProbeOutcome));
  child.once('exit', () => answer.resolve(null));
  child.once('error', (error) => answer.reject(error));
  child.send(job, (error) => error && answer.resolve(null));
  try {
    return await answer.promise;
  } finally {
    child.kill('SIGKILL');
  }
}

/** In that process: probes the job that it receives and sends the outcome. */
export function answerIsolated(probe: (job: ProbeJob) => Promise<ProbeOutcome>): void {
  try {
    // Where memory ends, this process ends first (Linux).
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Elsewhere the limit of the heap has to do.
  }
  process.once('disconnect', () => process.exit());
  process.once('message', (job) => void probe(job as ProbeJob).then((found) => process.send?.(found)));
}
