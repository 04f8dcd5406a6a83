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
  /** Repeated until it returns true or the time is over. */
  isReady: (signal: AbortSignal) => Promise<boolean>;
  readyTimeoutMs: number;
  /** Doubles while the child keeps crashing. */
  restartDelayMs: number;
  /** Time between SIGTERM and SIGKILL. */
  stopTimeoutMs: number;
  /** True if stderr is the log, so that its plain lines aren't errors. */
  stderrIsLog: boolean;
}

export interface ChildContext {
  logFolder: string;
  watchdog: Watchdog;
  say: (text: string) => void;
  /** Gets undefined when the process ends. */
  onPid: (name: string, pid: number | undefined) => void;
}

/** A child didn't start; the message has its name, the reason and its last output. */
export class ChildFailed extends Error {
  override readonly name = 'ChildFailed';
}

export interface Child {
  name: string;
  /** @throws ChildFailed if it exits first or takes too long */
  start(): Promise<void>;
  restart(): Promise<void>;
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
      // Its own process group, so that Ctrl-C reaches only the supervisor, and what it forks can be stopped.
      detached: true,
      // stdin stays open: some programs exit when it closes.
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    opened.attach(child.stdout, child.stderr, spec.stderrIsLog);
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(`couldn't be started: ${error.message}`));
      child.once('exit', (code, signal) =>
        resolve(signal ? `was ended by ${signal}` : `exited with code ${code}`),
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

  async function launchAndWait(): Promise<void> {
    if (stopping.signal.aborted) return;
    const launched = launch();
    running = launched;
    const startedAt = Date.now();
    const answer = await waitUntilReady(spec, launched.ended, stopping.signal);
    if (answer !== 'ready') {
      if (answer === 'late') await endProcess(launched, spec.stopTimeoutMs);
      running = null;
      const lastLines = log?.lastLines().map((line) => `  | ${line}`) ?? [];
      const why = answer === 'late' ? `didn't respond within ${spec.readyTimeoutMs / 1000} s` : answer;
      throw new ChildFailed(
        [`${spec.name} ${why}`, ...lastLines, `  log: ${log?.file ?? 'none'}`].join('\n'),
      );
    }
    void launched.ended.then((reason) => {
      if (running !== launched || stopping.signal.aborted) return;
      running = null;
      crashes = Date.now() - startedAt > 30_000 ? 0 : crashes + 1;
      void relaunch(reason);
    });
  }

  async function relaunch(reason: string): Promise<void> {
    for (let why = reason; !stopping.signal.aborted;) {
      const delayMs = nextRestartDelayMs(spec.restartDelayMs, crashes);
      context.say(`${spec.name} ${why}; restarting it in ${(delayMs / 1000).toFixed(1)} s`);
      log?.note(`${why}; restarting`);
      try {
        await sleep(delayMs, undefined, { signal: stopping.signal });
        await launchAndWait();
        context.say(`${spec.name} is back`);
        return;
      } catch (error) {
        if (stopping.signal.aborted) return;
        crashes += 1;
        why = error instanceof ChildFailed ? "didn't start" : String(error);
      }
    }
  }

  async function stopAndLaunch(): Promise<void> {
    const before = running;
    if (!before || stopping.signal.aborted) return;
    running = null;
    await endProcess(before, spec.stopTimeoutMs);
    await launchAndWait().catch((error: unknown) =>
      relaunch(error instanceof Error ? error.message : 'failed'),
    );
  }

  return {
    name: spec.name,
    start: launchAndWait,
    restart: () => (restarting = restarting.then(stopAndLaunch)),
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
    if (end !== undefined) return `${end} during startup`;
    if (isReady) return 'ready';
    if (signal.aborted) return stopping.aborted ? 'was stopped during startup' : 'late';
    await Promise.race([sleep(READY_POLL_MS), ended]);
  }
}

/** The leader stops its own children in order before the group is killed; execa's `killDescendants` signals all at once. */
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

async function endGroup(leaderPid: number): Promise<void> {
  if (!signalGroup(leaderPid, 'SIGTERM')) return;
  for (const deadline = Date.now() + GROUP_GRACE_MS; Date.now() < deadline; await sleep(20)) {
    if (!signalGroup(leaderPid, 0)) return;
  }
  signalGroup(leaderPid, 'SIGKILL');
}
