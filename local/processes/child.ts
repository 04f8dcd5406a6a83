import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { openChildLog, type ChildLog } from './child-log.ts';
import { signalGroup } from './process-identity.ts';
import { nextRestartDelayMs } from './restart-delay.ts';
import type { Watchdog } from './watchdog.ts';

export interface ChildSpec {
  name: string;
  command: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** One look whether it answers; asked again until it says true or the time is over. */
  isReady: (signal: AbortSignal) => Promise<boolean>;
  readyTimeoutMs: number;
  /** Pause before it is started again after a crash; doubles while it keeps crashing. */
  restartDelayMs: number;
  /** How long it may take over SIGTERM. */
  stopTimeoutMs: number;
  /** True where stderr carries the whole log, so that its plain lines are no errors. */
  stderrIsLog: boolean;
}

export interface ChildContext {
  logFolder: string;
  watchdog: Watchdog;
  say: (text: string) => void;
  /** Told of each new process and (undefined) of its end. */
  onPid: (name: string, pid: number | undefined) => void;
}

/** A child could not be brought up; the message says which, why and what it said last. */
export class ChildFailed extends Error {
  override readonly name = 'ChildFailed';
}

/** One supervised program: brought up, brought up again after a crash, and ended with all that it started. */
export interface Child {
  name: string;
  /** Resolves when it answers. @throws ChildFailed where it ends before, or answers too late. */
  start(): Promise<void>;
  /** Ends it and starts it again, as a changed source wants it. */
  restart(): Promise<void>;
  /** Asks it by SIGHUP to load its parts anew. */
  reload(): void;
  stop(): Promise<void>;
}

const READY_POLL_MS = 50;
const GROUP_GRACE_MS = 1_000;

export function createChild(spec: ChildSpec, context: ChildContext): Child {
  let running: { process: ChildProcess; ended: Promise<string> } | null = null;
  let crashes = 0;
  let log: ChildLog | null = null;
  let restarting: Promise<void> = Promise.resolve();
  const stopping = new AbortController();

  function launch(): { process: ChildProcess; ended: Promise<string> } {
    const opened = (log ??= openChildLog(context.logFolder, spec.name, (line) =>
      context.say(`${spec.name}: ${line}`),
    ));
    const child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: spec.env,
      // A group of its own: Ctrl-C in the terminal reaches the supervisor alone, and what it forks can be ended.
      detached: true,
      // Held open as long as we live: some programs end by themselves when their input does.
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    opened.attach(child.stdout, child.stderr, spec.stderrIsLog);
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(`could not be started: ${error.message}`));
      child.once('exit', (code, signal) =>
        resolve(signal ? `ended by ${signal}` : `ended with code ${code}`),
      );
    });
    const { pid } = child;
    if (pid !== undefined) {
      context.watchdog.add(pid);
      context.onPid(spec.name, pid);
      void ended.then(async () => {
        context.onPid(spec.name, undefined);
        await endGroup(pid);
        context.watchdog.remove(pid);
      });
    }
    return { process: child, ended };
  }

  async function bringUp(): Promise<void> {
    if (stopping.signal.aborted) return;
    const launched = launch();
    running = launched;
    const startedAt = Date.now();
    const answer = await waitUntilReady(spec, launched.ended, stopping.signal);
    if (answer !== 'ready') {
      if (answer === 'late') await endProcess(launched, spec.stopTimeoutMs);
      running = null;
      const said = log?.lastLines().map((line) => `  | ${line}`) ?? [];
      const why = answer === 'late' ? `did not answer within ${spec.readyTimeoutMs / 1000} s` : answer;
      throw new ChildFailed([`${spec.name} ${why}`, ...said, `  log: ${log?.file ?? 'none'}`].join('\n'));
    }
    void launched.ended.then((reason) => {
      if (running !== launched || stopping.signal.aborted) return;
      running = null;
      crashes = Date.now() - startedAt > 30_000 ? 0 : crashes + 1;
      void bringUpAgain(reason);
    });
  }

  async function bringUpAgain(reason: string): Promise<void> {
    for (let why = reason; !stopping.signal.aborted;) {
      const delayMs = nextRestartDelayMs(spec.restartDelayMs, crashes);
      context.say(`${spec.name} ${why}; starting it again in ${(delayMs / 1000).toFixed(1)} s`);
      log?.note(`${why}; starting again`);
      try {
        await sleep(delayMs, undefined, { signal: stopping.signal });
        await bringUp();
        context.say(`${spec.name} is back`);
        return;
      } catch (error) {
        if (stopping.signal.aborted) return;
        crashes += 1;
        why = error instanceof ChildFailed ? 'did not come up' : String(error);
      }
    }
  }

  async function endAndBringUp(): Promise<void> {
    const before = running;
    if (!before || stopping.signal.aborted) return;
    running = null;
    await endProcess(before, spec.stopTimeoutMs);
    await bringUp().catch((error: unknown) =>
      bringUpAgain(error instanceof Error ? error.message : 'failed'),
    );
  }

  return {
    name: spec.name,
    start: bringUp,
    restart: () => (restarting = restarting.then(endAndBringUp)),
    reload: () => void running?.process.kill('SIGHUP'),
    async stop() {
      stopping.abort();
      const last = running;
      running = null;
      if (last) await endProcess(last, spec.stopTimeoutMs);
      await restarting;
      await log?.close();
    },
  };
}

async function waitUntilReady(
  spec: ChildSpec,
  ended: Promise<string>,
  stopping: AbortSignal,
): Promise<'ready' | 'late' | (string & {})> {
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(spec.readyTimeoutMs)]);
  let end: string | undefined;
  void ended.then((reason) => (end = reason));
  for (;;) {
    const isReady = await spec.isReady(signal).catch(() => false);
    if (end !== undefined) return `${end} while it came up`;
    if (isReady) return 'ready';
    if (signal.aborted) return stopping.aborted ? 'was stopped while it came up' : 'late';
    await Promise.race([sleep(READY_POLL_MS), ended]);
  }
}

/**
 * Sends SIGTERM to the leader, which stops its own children in order, and kills the whole group if that takes too long.
 * execa has no such mode: its `killDescendants` signals the group at once, and its result waits for the output of orphans.
 */
async function endProcess(
  target: { process: ChildProcess; ended: Promise<string> },
  stopTimeoutMs: number,
): Promise<void> {
  const { pid } = target.process;
  if (pid === undefined) return;
  target.process.kill('SIGTERM');
  const isLate = await Promise.race([
    target.ended.then(() => false),
    sleep(stopTimeoutMs, true, { ref: false }),
  ]);
  if (isLate) {
    signalGroup(pid, 'SIGKILL');
    await target.ended;
  }
  await endGroup(pid);
}

/** Ends what a leader left behind in its group. */
async function endGroup(leaderPid: number): Promise<void> {
  if (!signalGroup(leaderPid, 'SIGTERM')) return;
  for (const deadline = Date.now() + GROUP_GRACE_MS; Date.now() < deadline; await sleep(20)) {
    if (!signalGroup(leaderPid, 0)) return;
  }
  signalGroup(leaderPid, 'SIGKILL');
}
