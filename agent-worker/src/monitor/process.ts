/** The monitor process: probes the servers of every workspace. Any number of processes share the work. */
import { randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@patchbay/shared/contract/errors';
import { HostAdmission, hostRequestCounter } from '@patchbay/shared/engine/outgoing/host-admission';
import { createOutgoingFetch } from '@patchbay/shared/engine/outgoing/outgoing-fetch';
import { parseSecretKeys, type SecretKeys } from '@patchbay/shared/engine/secrets/secret-envelope';
import { openSpanExport } from '@patchbay/shared/engine/tracing/span-export';
import { EnvironmentError } from '../environment.ts';
import { installLog } from '../log.ts';
import { openMonitorDatabase, type MonitorDatabase, type ProbeJob } from './database.ts';
import { RETRY_MS, runDeliveries } from './deliveries.ts';
import { readMonitorEnvironment, type MonitorEnvironment } from './environment.ts';
import { Prober, type ProbeOutcome } from './probes/prober.ts';
import { answerIsolated, ISOLATED, probeIsolated } from './probes/isolated-probe.ts';
import { EXPOSITION_TYPE, exposition } from './metrics.ts';
import { Monitor } from './monitor.ts';
import { Network } from './network.ts';
import { PROBE_SCHEDULE, type ProbeSchedule } from './probes/probe-schedule.ts';
import { referenceHosts } from './reference-hosts.ts';
import { runRevocations } from './revocations.ts';

const REACH_TIMEOUT_MS = 3_000;
/** Without a claim for so long the monitor counts as not working. */
const SILENT_AFTER_MS = 60_000;
/** What a monitor that stops gives its last spans. */
const LAST_SPANS_MS = 2_000;

export interface Timing {
  schedule: ProbeSchedule;
  /** The waits between attempts to deliver a notice, in milliseconds. */
  retryMs: readonly number[];
}

/**
 * Runs until SIGTERM or SIGINT; with the argument of `probeIsolated`, probes one server for the monitor that started it.
 * Ends the process with code 1 and a message where the environment isn't valid.
 */
export async function runMonitorProcess(
  timing: Timing = { schedule: PROBE_SCHEDULE, retryMs: RETRY_MS },
): Promise<void> {
  let environment: MonitorEnvironment;
  let keys: SecretKeys;
  try {
    environment = readMonitorEnvironment(process.env);
    keys = parseSecretKeys(environment.PATCHBAY_SECRETS_KEYS);
  } catch (error) {
    if (!(error instanceof EnvironmentError || error instanceof AppError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
  if (process.argv[2] === ISOLATED) runIsolated(environment, keys);
  else await run(environment, keys, timing);
}

/** Probes one server for the monitor that started this process. */
function runIsolated(env: MonitorEnvironment, secretKeys: SecretKeys): void {
  const database = openMonitorDatabase(env.SUPABASE_URL, env.SUPABASE_SECRET_KEY, randomUUID());
  answerIsolated(
    probeCounted(new Prober(env.PATCHBAY_ADDRESS_POLICY, secretKeys, database.serviceRpc), database),
  );
}

/** Probes whose requests to each host are counted for the owner of the workspace. */
function probeCounted(prober: Prober, database: Pick<MonitorDatabase, 'serviceRpc'>) {
  const hosts = new HostAdmission();
  return (job: ProbeJob): Promise<ProbeOutcome> =>
    hosts.run(
      job.owner_id,
      hostRequestCounter(database.serviceRpc, { p_workspace_id: job.workspace_id }),
      () => prober.probe(job),
    );
}

async function run(
  env: MonitorEnvironment,
  secretKeys: SecretKeys,
  { schedule, retryMs }: Timing,
): Promise<void> {
  const id = randomUUID();
  const log = installLog({ monitor: id });
  const policy = env.PATCHBAY_ADDRESS_POLICY;
  const database = openMonitorDatabase(env.SUPABASE_URL, env.SUPABASE_SECRET_KEY, id);
  // eslint-disable-next-line no-restricted-properties -- here chance comes in, for the pure decision
  const random = Math.random;
  const now = Date.now;
  const network = new Network({
    referenceHosts: referenceHosts(env),
    reach,
    now,
    onChange: (isDown) => log.warn({ isDown }, isDown ? 'the network is down' : 'the network is back'),
  });
  const prober = new Prober(policy, secretKeys, database.serviceRpc);
  const spans = await openSpanExport(env, 'patchbay-monitor');
  const monitor = new Monitor({
    database,
    probe: probeCounted(prober, database),
    probeIsolated: (job) => probeIsolated(job, process.argv[1] ?? ''),
    network,
    schedule,
    slots: env.PATCHBAY_MONITOR_CONCURRENCY,
    log,
    spans,
    now,
    random,
  });

  const stop = new AbortController();
  const health = createServer((request, response) => {
    if (request.url === '/metrics') {
      void sendMetrics(database, response);
      return;
    }
    const { lastClaimAtMs } = monitor;
    const isWorking = lastClaimAtMs !== null && now() - lastClaimAtMs < SILENT_AFTER_MS;
    response.writeHead(isWorking ? 200 : 503).end();
  });
  health.listen(env.PATCHBAY_MONITOR_PORT, env.PATCHBAY_MONITOR_HOST);
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      monitor.stop();
      stop.abort();
    });

  await Promise.all([
    monitor.run(),
    runDeliveries({ database, policy, keys: secretKeys, log, retryMs, random }, stop.signal),
    runRevocations({ database, policy, keys: secretKeys, log, random }, stop.signal),
  ]);
  health.close();
  health.closeAllConnections();
  await Promise.race([spans?.flush(), delay(LAST_SPANS_MS, undefined, { ref: false })]);
}

/** For Prometheus; 503 while the database does not answer. */
async function sendMetrics(
  database: Pick<MonitorDatabase, 'metrics'>,
  response: ServerResponse,
): Promise<void> {
  try {
    const text = exposition(await database.metrics());
    response.writeHead(200, { 'content-type': EXPOSITION_TYPE }).end(text);
  } catch {
    response.writeHead(503).end();
  }
}

/** Whether anything answers at an address of the operator's, whatever it says. */
async function reach(url: string): Promise<boolean> {
  const outgoing = createOutgoingFetch({ policy: 'local' });
  try {
    const signal = AbortSignal.timeout(REACH_TIMEOUT_MS);
    await (await outgoing.fetch(url, { method: 'HEAD', signal })).body?.cancel();
    return true;
  } catch {
    return false;
  } finally {
    await outgoing.close();
  }
}
