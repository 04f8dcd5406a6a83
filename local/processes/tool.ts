import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { signalGroup } from './process-identity.ts';
import type { Watchdog } from './watchdog.ts';

export interface ToolRun {
  command: string;
  args: string[];
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Ends the program and all that it started. */
  signal?: AbortSignal;
  watchdog?: Watchdog;
  onLine?: (line: string) => void;
}

export interface ToolEnd {
  /** null where a signal ended it or it could not be started. */
  code: number | null;
  output: string;
}

/** Runs a program that ends by itself (a build, a compiler), with what it said. Never throws for its failure. */
export function runTool({ command, args, cwd, env, signal, watchdog, onLine }: ToolRun): Promise<ToolEnd> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve({ code: null, output: '' });
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const lines: string[] = [];
    for (const source of [child.stdout, child.stderr]) {
      createInterface({ input: source }).on('line', (line) => {
        lines.push(line);
        onLine?.(line);
      });
    }
    const { pid } = child;
    const end = (): void => {
      if (pid !== undefined) signalGroup(pid, 'SIGKILL');
    };
    if (pid !== undefined) watchdog?.add(pid);
    signal?.addEventListener('abort', end);
    const finish = (code: number | null): void => {
      signal?.removeEventListener('abort', end);
      if (pid !== undefined) watchdog?.remove(pid);
      resolve({ code, output: lines.join('\n') });
    };
    child.once('error', (error) => {
      lines.push(error.message);
      finish(null);
    });
    child.once('close', finish);
  });
}
