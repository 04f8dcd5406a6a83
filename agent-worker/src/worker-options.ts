/** Options for the framework where its defaults don't fit. */
import { extname, join } from 'node:path';
import { ServerOptions } from '@livekit/agents';
import { CONVERSATION_MEMORY_MB } from './capacity.ts';
import type { Environment } from './environment.ts';

/** @param capacity how many conversations it takes at once */
export function workerOptions(env: Environment, capacity: number): ServerOptions {
  return new ServerOptions({
    // Beside this file, from source and compiled.
    agent: join(import.meta.dirname, `agent${extname(import.meta.filename)}`),
    agentName: env.PATCHBAY_AGENT_NAME,
    wsURL: env.LIVEKIT_URL,
    apiKey: env.LIVEKIT_API_KEY,
    apiSecret: env.LIVEKIT_API_SECRET,
    host: env.PATCHBAY_WORKER_HOST,
    port: env.PATCHBAY_WORKER_PORT,
    // The defaults of production are one idle process for each of up to four processors.
    numIdleProcesses: 1,
    // The default of 10 s ends a process over and over on a machine that is busy.
    initializeProcessTimeout: 60_000,
    // The default, CPU load of 0.7, makes a small machine reject conversations while it is merely starting one.
    loadFunc: async (worker) => worker.activeJobs.length / capacity,
    loadThreshold: 1,
    jobMemoryWarnMB: CONVERSATION_MEMORY_MB.warn,
    jobMemoryLimitMB: CONVERSATION_MEMORY_MB.kill,
    drainTimeout: env.PATCHBAY_DRAIN_TIMEOUT_MS,
    production: true,
    // A LiveKit server that is away comes back: never give up.
    maxRetry: Number.POSITIVE_INFINITY,
  });
}
