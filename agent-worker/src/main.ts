/** The worker process: registers with LiveKit, and gives each conversation a process of its own. */
import { availableParallelism, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { AgentServer, InferenceRunner, ServerOptions, initializeLogger, log } from '@livekit/agents';
import { AppError } from '@patchbay/shared/errors';
import { parseSecretKeys } from '@patchbay/shared/secret-envelope';
import { capacityOf } from './capacity.ts';
import { type Environment, EnvironmentError, readEnvironment } from './environment.ts';
import { guardDeadIdleProcess, poolPrototype } from './guards/dead-idle-process.ts';
import { installLog } from './log.ts';

let environment: Environment;
try {
  environment = readEnvironment(process.env);
  parseSecretKeys(environment.PATCHBAY_SECRETS_KEYS);
} catch (error) {
  if (!(error instanceof EnvironmentError || error instanceof AppError)) throw error;
  console.error(error.message);
  process.exit(1);
}
await run(environment);

async function run(env: Environment): Promise<void> {
  initializeLogger({ pretty: false, level: 'info' });
  installLog();
  // The model detects the end of a turn itself: without a runner, no inference process of 300 MB starts.
  InferenceRunner.registerRunner = () => {};

  guardDeadIdleProcess(await poolPrototype());

  const capacity = capacityOf({
    totalBytes: totalmem(),
    constrainedBytes: process.constrainedMemory(),
    cores: env.PATCHBAY_WORKER_CORES ?? availableParallelism(),
  });
  log().info({ capacity }, 'capacity of this worker, in conversations');
  const server = new AgentServer(
    new ServerOptions({
      agent: fileURLToPath(new URL('./agent.ts', import.meta.url)),
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
      drainTimeout: env.PATCHBAY_DRAIN_TIMEOUT_MS,
      production: true,
      // A LiveKit server that is away comes back: never give up.
      maxRetry: Number.POSITIVE_INFINITY,
    }),
  );

  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(server, signal));
  await server.run();
}

/** No new conversations; those that run may finish, up to the limit. */
async function stop(server: AgentServer, signal: string): Promise<void> {
  log().info({ signal, conversations: server.activeJobs.length }, 'draining');
  await server.drain().catch((error: unknown) => log().warn({ error }, 'not drained in time'));
  await server.close();
  process.exit(0);
}
