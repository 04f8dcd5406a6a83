import { readFileSync, readdirSync } from 'node:fs';
import { runningStack } from './running-stack.ts';

/** The process id of a part of the stack; asked anew each time, since a restarted part has another. */
export function pidOf(name: string): number {
  const pid = runningStack().pids[name];
  if (pid === undefined) throw new Error(`The stack runs no ${name}.`);
  return pid;
}

/** Processes that a process started: of the worker, one a conversation, and a warm one for the next. */
export function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => (parentOf(entry) === parent ? [Number(entry)] : []));
}

/** In /proc/<pid>/stat, the second field after the name in parentheses is the parent. */
function parentOf(pid: string): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}
