import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isRunning } from './process-identity.ts';

/**
 * Runs `run` while holding a lock file; takes over a lock whose owner no longer runs. proper-lockfile goes by the age of
 * the file instead: a laptop that slept would lose its lock, and a start after a crash would have to wait.
 * @param onWait called once if another process holds the lock
 * @throws AbortError if `signal` is aborted while waiting
 */
export async function withFileLock<T>(
  file: string,
  signal: AbortSignal,
  onWait: () => void,
  run: () => Promise<T>,
): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  for (let waits = 0; !take(file); waits += 1) {
    if (waits === 0) onWait();
    await sleep(200, undefined, { signal });
  }
  try {
    return await run();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  const own = identify(process.pid);
  try {
    writeFileSync(file, JSON.stringify(own), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const owner = readOwner(file);
  if (owner && !isRunning(owner)) {
    const taken = `${file}.${process.pid}`;
    try {
      renameSync(file, taken);
      rmSync(taken);
    } catch {
      // Another process took it over first.
    }
  }
  return false;
}

/** @returns null if the file is gone or still being written */
function readOwner(file: string): { pid: number; startedAt: string } | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { pid: number; startedAt: string };
  } catch {
    return null;
  }
}
