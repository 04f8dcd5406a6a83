import { relative } from 'node:path';
import { BadEnvironment, type Settings } from './settings.ts';
import { ChildFailed } from '../processes/child.ts';
import { AlreadyRunning } from '../processes/run-record.ts';
import { readStack, type Stack } from './stack-file.ts';
import { DEFAULT_DATA_DIR, startStack } from './supervisor.ts';
import { BuildFailed } from './web-build.ts';

export interface TerminalOptions {
  isLive: boolean;
  /** Default: .local of this repository. */
  dataDir?: string;
}

/**
 * Runs a stack for the person at the terminal: says how it comes up and where it is, ends it on Ctrl-C, SIGTERM or
 * when the process above goes away. Sets the exit code.
 */
export async function runInTerminal({ isLive, dataDir = DEFAULT_DATA_DIR }: TerminalOptions): Promise<void> {
  const unknown = process.argv.slice(2).filter((word) => word !== '--fresh');
  if (unknown.length > 0) return fail(`unknown option ${unknown.join(' ')}; there is --fresh`);
  const isFresh = process.argv.includes('--fresh');
  const stopRequested = waitForStop();
  const starting = new AbortController();
  void stopRequested.then(() => starting.abort(new Error('stopped')));
  const startedAt = Date.now();
  const seconds = (): string => `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
  try {
    const earlier = isFresh ? 'set aside' : 'use';
    const running = await startStack({ dataDir, earlier, isLive, say, signal: starting.signal });
    tell(running.stack, running.settings, seconds());
    await stopRequested;
    say('stopping');
    await running.stop();
    say('stopped');
  } catch (error) {
    if (starting.signal.aborted) {
      process.exitCode = 130;
      return say('stopped while it came up');
    }
    if (error instanceof AlreadyRunning) return tellRunning(error, dataDir, isFresh);
    const isTold = [BadEnvironment, ChildFailed, BuildFailed, RangeError].some(
      (kind) => error instanceof kind,
    );
    fail(
      isTold && error instanceof Error ? error.message : String(error instanceof Error ? error.stack : error),
    );
  } finally {
    // The channel to the bootstrap would keep this process alive.
    if (process.connected) process.disconnect();
  }
}

function waitForStop(): Promise<void> {
  return new Promise((resolve) => {
    // Ctrl-C comes more than once: from the terminal, from npm and from the bootstrap.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
    process.once('disconnect', () => resolve());
  });
}

function tell(stack: Stack, { model, dataDir, root, supabase }: Settings, time: string): void {
  const rows: [string, string][] = [
    ['page', stack.web_url],
    ...(supabase.isEmbedded
      ? ([
          ['demo account', `${stack.demo.email}  password ${stack.demo.password}`],
          ['emails', `${stack.supabase_url}/inbox`],
        ] as [string, string][])
      : []),
    ['Supabase', stack.supabase_url],
    [
      'LiveKit',
      stack.voice_unavailable === undefined ? stack.livekit_url : 'not available, so no conversation',
    ],
    [
      'voice model',
      `${model.isRehearsal ? 'the rehearsal model (no OPENAI_API_KEY): ' : ''}${stack.model_url}`,
    ],
    ...stack.demo_servers.map(({ name, url }): [string, string] => [`MCP ${name}`, url]),
    ['logs', `${relative(root, dataDir)}/logs`],
  ];
  const lines = rows.map(([name, value]) => `  ${name.padEnd(16)}${value}`);
  process.stdout.write(['', `Patchbay is up (${time})`, '', ...lines, '', 'Ctrl-C stops it.', ''].join('\n'));
}

function tellRunning({ pid }: AlreadyRunning, dataDir: string, isFresh: boolean): void {
  const stack = readStack(dataDir);
  const where = stack ? `at ${stack.web_url}` : 'and is just coming up';
  if (isFresh) return fail(`Patchbay runs in this checkout (process ${pid}): stop it before --fresh`);
  say(`Patchbay runs already in this checkout, ${where} (process ${pid})`);
}

function say(text: string): void {
  process.stdout.write(`patchbay: ${text}\n`);
}

function fail(text: string): void {
  process.stderr.write(`patchbay: ${text}\n`);
  process.exitCode = 1;
}
