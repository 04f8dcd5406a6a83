import { relative } from 'node:path';
import { BadEnvironment, type Settings } from './settings.ts';
import { ChildFailed } from '../processes/child.ts';
import { AlreadyRunning } from '../processes/run-record.ts';
import { readStack, type Stack } from './stack-file.ts';
import { DEFAULT_DATA_DIR, startStack } from './supervisor.ts';
import { BuildFailed } from './web-build.ts';

export interface TerminalOptions {
  isLive: boolean;
  dataDir?: string;
}

/** Runs a stack in the foreground until Ctrl-C, SIGTERM or the end of the parent process. Sets the exit code. */
export async function runInTerminal({ isLive, dataDir = DEFAULT_DATA_DIR }: TerminalOptions): Promise<void> {
  const unknown = process.argv.slice(2).filter((option) => option !== '--fresh');
  if (unknown.length > 0) return fail(`Unknown option ${unknown.join(' ')}. The only option is --fresh.`);
  const isFresh = process.argv.includes('--fresh');
  const stopRequested = waitForStop();
  const starting = new AbortController();
  void stopRequested.then(() => starting.abort(new Error('Stopped')));
  const startedAt = Date.now();
  const seconds = (): string => `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
  try {
    const earlier = isFresh ? 'set aside' : 'use';
    const running = await startStack({ dataDir, earlier, isLive, say, signal: starting.signal });
    printSummary(running.stack, running.settings, seconds());
    await stopRequested;
    say('Stopping');
    await running.stop();
    say('Stopped');
  } catch (error) {
    if (starting.signal.aborted) {
      process.exitCode = 130;
      return say('Stopped during startup');
    }
    if (error instanceof AlreadyRunning) return reportRunning(error, dataDir, isFresh);
    const isUserError = [BadEnvironment, ChildFailed, BuildFailed, RangeError].some(
      (kind) => error instanceof kind,
    );
    fail(
      isUserError && error instanceof Error
        ? error.message
        : String(error instanceof Error ? error.stack : error),
    );
  } finally {
    // The IPC channel to the bootstrap would keep this process alive.
    if (process.connected) process.disconnect();
  }
}

function waitForStop(): Promise<void> {
  return new Promise((resolve) => {
    // Ctrl-C arrives several times: from the terminal, npm and the bootstrap.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
    process.once('disconnect', () => resolve());
  });
}

function printSummary(stack: Stack, { model, dataDir, root, supabase }: Settings, time: string): void {
  const rows: [string, string][] = [
    ['Page', stack.web_url],
    ...(supabase.isEmbedded
      ? ([
          ['Demo account', `${stack.demo.email}, password ${stack.demo.password}`],
          ['Emails', `${stack.supabase_url}/inbox`],
        ] as [string, string][])
      : []),
    ['Supabase', stack.supabase_url],
    [
      'LiveKit',
      stack.voice_unavailable === undefined ? stack.livekit_url : 'unavailable, so there is no voice',
    ],
    [
      'Voice model',
      `${stack.model_url}${model.isRehearsal ? ' (rehearsal model; set OPENAI_API_KEY to use OpenAI)' : ''}`,
    ],
    ...stack.demo_servers.map(({ name, url }): [string, string] => [`MCP: ${name}`, url]),
    ['Logs', `${relative(root, dataDir)}/logs`],
  ];
  const lines = rows.map(([name, value]) => `  ${name.padEnd(16)}${value}`);
  process.stdout.write(
    ['', `Patchbay is up (${time})`, '', ...lines, '', 'Press Ctrl-C to stop.', ''].join('\n'),
  );
}

function reportRunning({ pid }: AlreadyRunning, dataDir: string, isFresh: boolean): void {
  const stack = readStack(dataDir);
  const where = stack ? `at ${stack.web_url}` : 'and still starting';
  if (isFresh)
    return fail(`Patchbay is running in this checkout (process ${pid}). Stop it before using --fresh.`);
  say(`Patchbay is already running in this checkout, ${where} (process ${pid})`);
}

function say(text: string): void {
  process.stdout.write(`patchbay: ${text}\n`);
}

function fail(text: string): void {
  process.stderr.write(`patchbay: ${text}\n`);
  process.exitCode = 1;
}
