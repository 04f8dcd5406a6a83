/** Failures of this worker don't affect other tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import getPort from 'get-port';
import { type Cable, layCable } from './cable.ts';
import { childrenOf } from './processes.ts';
import { runningStack } from './running-stack.ts';

const PROGRAM = join(import.meta.dirname, '../../agent-worker/src/main.ts');
const READY_WITHIN_MS = 60_000;

export interface OwnWorker {
  /** For `RoomClient.join`. */
  agentName: string;
  model: Cable;
  database: Cable;
  /** One JSON object per line. */
  log: () => string;
  /** Null if the health endpoint doesn't respond. */
  health(): Promise<number | null>;
  /** Processes of its conversations, and a warm one. */
  jobs(): number[];
  drain(): Promise<void>;
  end(): Promise<void>;
}

/**
 * Starts it, and returns when it is registered.
 * @param extra variables beside those of every worker
 * @param program runs in the place of the worker's source
 */
export async function startOwnWorker(extra: NodeJS.ProcessEnv = {}, program = PROGRAM): Promise<OwnWorker> {
  const stack = runningStack();
  const [model, database] = await Promise.all([layCable(stack.model_url), layCable(stack.supabase_url)]);
  const port = await getPort({ host: '127.0.0.1' });
  const agentName = `test-${randomUUID().slice(0, 8)}`;
  const child: ChildProcess = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      LIVEKIT_URL: stack.livekit_url,
      LIVEKIT_API_KEY: stack.livekit_api_key,
      LIVEKIT_API_SECRET: stack.livekit_api_secret,
      SUPABASE_URL: database.url,
      SUPABASE_SECRET_KEY: stack.secret_key,
      OPENAI_API_KEY: 'rehearsal',
      OPENAI_BASE_URL: model.url,
      // Its servers have no credentials, so nothing was sealed with this key.
      PATCHBAY_SECRETS_KEYS: `tests:${randomBytes(32).toString('base64')}`,
      PATCHBAY_ADDRESS_POLICY: 'local',
      PATCHBAY_AGENT_NAME: agentName,
      PATCHBAY_WORKER_PORT: String(port),
      ...extra,
    },
  });
  let written = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data: Buffer) => (written += String(data)));
  const ended = once(child, 'exit');

  const health = async (): Promise<number | null> =>
    fetch(`http://127.0.0.1:${port}/`).then(
      ({ status }) => status,
      () => null,
    );
  for (const until = Date.now() + READY_WITHIN_MS; (await health()) !== 200; await sleep(50)) {
    if (child.exitCode !== null || Date.now() > until)
      throw new Error(`the worker did not come up:\n${written}`);
  }
  return {
    agentName,
    model,
    database,
    log: () => written,
    health,
    jobs: () => childrenOf(child.pid ?? -1),
    async drain() {
      child.kill('SIGTERM');
      await ended;
    },
    async end() {
      const jobs = childrenOf(child.pid ?? -1);
      child.kill('SIGKILL');
      await ended;
      for (const pid of jobs) killIfThere(pid);
      await Promise.all([model.pull(), database.pull()]);
    },
  };
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
