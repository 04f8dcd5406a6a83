import { linkSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { identify, isRunning, signalGroup, type ProcessIdentity } from './process-identity.ts';
import { readJson, writeJson } from '../stack/stack-file.ts';

const Identity = z.object({ pid: z.number(), startedAt: z.string() });
const RunRecord = z.object({ supervisor: Identity, children: z.record(z.string(), Identity) });
type RunRecord = z.infer<typeof RunRecord>;

const STOP_GRACE_MS = 6_000;

/** Records the children, so that the next start can stop them if this process is killed. */
export interface Claim {
  /** True if a killed supervisor held the data directory before. */
  isTakenOver: boolean;
  setChild(name: string, pid: number | undefined): void;
  release(): void;
}

/** Another supervisor has claimed the data directory. */
export class AlreadyRunning extends Error {
  override readonly name = 'AlreadyRunning';
  readonly pid: number;
  constructor(pid: number) {
    super(`Patchbay is already running (process ${pid})`);
    this.pid = pid;
  }
}

/** @returns the process that has claimed the data directory, or null */
export function findSupervisor(dataDir: string): ProcessIdentity | null {
  const record = read(recordFile(dataDir));
  return record && isRunning(record.supervisor) ? record.supervisor : null;
}

/**
 * Claims the data directory for this process, and stops what a killed supervisor left running.
 * @throws AlreadyRunning
 */
export async function claim(dataDir: string, say: (text: string) => void): Promise<Claim> {
  mkdirSync(dataDir, { recursive: true });
  const file = recordFile(dataDir);
  const supervisor = identify(process.pid);
  if (!supervisor) throw new Error('This process is missing from the process table.');
  const record: RunRecord = { supervisor, children: {} };
  let isTakenOver = false;
  for (;;) {
    if (create(file, record)) break;
    const other = findSupervisor(dataDir);
    if (other) throw new AlreadyRunning(other.pid);
    // Renamed first, so that only one of two simultaneous starts cleans up.
    const taken = `${file}.${process.pid}`;
    try {
      renameSync(file, taken);
    } catch {
      continue;
    }
    isTakenOver = true;
    await stopLeftovers(read(taken), say);
    rmSync(taken, { force: true });
  }
  return {
    isTakenOver,
    setChild(name, pid) {
      const identity = pid === undefined ? null : identify(pid);
      if (identity) record.children[name] = identity;
      else delete record.children[name];
      writeJson(file, record);
    },
    release: () => rmSync(file, { force: true }),
  };
}

/** Atomic. Returns false if the file already exists. */
function create(file: string, record: RunRecord): boolean {
  const draft = `${file}.${process.pid}.new`;
  writeJson(draft, record);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(draft);
  }
}

async function stopLeftovers(record: RunRecord | null, say: (text: string) => void): Promise<void> {
  const left = Object.entries(record?.children ?? {}).filter(([, child]) => isRunning(child));
  if (left.length === 0) return;
  say(`Stopping what an interrupted start left running: ${left.map(([name]) => name).join(', ')}`);
  for (const [, { pid }] of left) signalGroup(pid, 'SIGTERM');
  const isLeft = (): boolean => left.some(([, child]) => isRunning(child));
  for (const deadline = Date.now() + STOP_GRACE_MS; isLeft() && Date.now() < deadline;) await sleep(50);
  for (const [, { pid }] of left) signalGroup(pid, 'SIGKILL');
}

function recordFile(dataDir: string): string {
  return join(dataDir, 'running.json');
}

function read(file: string): RunRecord | null {
  return RunRecord.safeParse(readJson(file)).data ?? null;
}
