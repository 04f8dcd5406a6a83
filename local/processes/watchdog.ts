import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { MACHINE, pickEnv } from './child-env.ts';

/** Stops the process groups it knows if this process dies without doing so. */
export interface Watchdog {
  add(leaderPid: number): void;
  remove(leaderPid: number): void;
  close(): Promise<void>;
}

/**
 * A shell in its own session, which outlives this process and notices its end by the end of its input. execa's `cleanup`
 * doesn't run on SIGKILL, and foreground-child's watchdog is a Node process per child that kills no groups.
 */
export function startWatchdog(): Watchdog {
  const shell = spawn('/bin/sh', [fileURLToPath(new URL('./watchdog.sh', import.meta.url))], {
    cwd: '/',
    env: pickEnv(process.env, MACHINE),
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => {
    shell.once('exit', () => resolve());
    shell.once('error', () => resolve());
  });
  // Without the shell, the supervisor still stops its children itself.
  shell.stdin.on('error', () => undefined);
  return {
    add: (pid) => void shell.stdin.write(`+ ${pid}\n`),
    remove: (pid) => void shell.stdin.write(`- ${pid}\n`),
    close: () => {
      shell.stdin.end();
      return ended;
    },
  };
}
