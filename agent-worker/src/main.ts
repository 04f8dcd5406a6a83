/** The worker process: registers with LiveKit, and gives each conversation its own process. */
import { availableParallelism, totalmem } from 'node:os';
import { AgentServer, InferenceRunner, initializeLogger, log } from '@livekit/agents';
import { AppError } from '@patchbay/shared/contract/errors';
import { parseSecretKeys } from '@patchbay/shared/engine/secrets/secret-envelope';
import manifest from '../package.json' with { type: 'json' };
import { capacityOf } from './capacity.ts';
import { type Environment, EnvironmentError, readEnvironment } from './environment.ts';
import { dropDeadIdleProcesses, poolPrototype } from '@patchbay/livekit/model/workarounds/dead-idle-process';
import { callWithServiceKey, healthUrl, startHeartbeat, type Heartbeat } from './heartbeat.ts';
import { installLog } from './log.ts';
import { workerOptions } from './worker-options.ts';

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

  dropDeadIdleProcesses(poolPrototype);

  const capacity = capacityOf({
    totalBytes: totalmem(),
    constrainedBytes: process.constrainedMemory(),
    cores: env.PATCHBAY_WORKER_CORES ?? availableParallelism(),
  });
  log().info({ capacity }, 'capacity of this worker, in conversations');
  const server = new AgentServer(workerOptions(env, capacity));

  const heartbeat = startHeartbeat({
    call: callWithServiceKey(env),
    agentName: env.PATCHBAY_AGENT_NAME,
    version: manifest.version,
    capacity,
    conversations: () => server.activeJobs.length,
    isRegistered: () => isRegistered(env),
    log: log(),
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void stop(server, heartbeat, signal));
  await server.run();
}

/** What the framework's own health check says. */
async function isRegistered(env: Environment): Promise<boolean> {
  return fetch(healthUrl(env.PATCHBAY_WORKER_HOST, env.PATCHBAY_WORKER_PORT)).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** No new conversations; those that run may finish, up to the limit. */
async function stop(server: AgentServer, heartbeat: Heartbeat, signal: string): Promise<void> {
  log().info({ signal, conversations: server.activeJobs.length }, 'draining');
  const retired = heartbeat.stop();
  await server.drain().catch((error: unknown) => log().warn({ error }, 'not drained in time'));
  await server.close();
  await retired;
  process.exit(0);
}
