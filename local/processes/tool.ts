import { execa } from 'execa';
import type { Watchdog } from './watchdog.ts';

export interface ToolRun {
  command: string;
  args: string[];
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  signal?: AbortSignal;
  watchdog?: Watchdog;
  onLine?: (line: string) => void;
}

export interface ToolResult {
  /** null if a signal ended the program or it couldn't be started. */
  code: number | null;
  /** stdout and stderr together, or why it couldn't be started. */
  output: string;
}

/** Runs a program that ends by itself, such as a build. A failure is a result; it never throws. */
export async function runTool(options: ToolRun): Promise<ToolResult> {
  const { command, args, cwd, env, signal, watchdog, onLine } = options;
  if (signal?.aborted) return { code: null, output: '' };
  const run = execa(command, args, {
    ...(cwd !== undefined && { cwd }),
    ...(env && { env, extendEnv: false }),
    ...(signal && { cancelSignal: signal }),
    stdin: 'ignore',
    all: true,
    reject: false,
    killSignal: 'SIGKILL',
    killDescendants: true,
  });
  const { pid } = run;
  if (pid !== undefined) watchdog?.add(pid);
  for await (const line of run.iterable({ from: 'all' })) onLine?.(line);
  const { exitCode, all, originalMessage } = await run;
  if (pid !== undefined) watchdog?.remove(pid);
  return { code: exitCode ?? null, output: pid === undefined ? String(originalMessage) : all };
}
