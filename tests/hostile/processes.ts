/** Linux only: reads /proc. */
import { readFileSync, writeFileSync } from 'node:fs';
import { childrenOf, pidOf } from '../support/processes.ts';
import type { Finding } from './finding.ts';

/** Maximum memory of each process in MB of 2^20 bytes, whatever it receives. */
const PEAK_MB = { monitor: 350, web: 350, functions: 450, conversation: 500 };
type Watched = keyof typeof PEAK_MB;
const WATCHED = Object.keys(PEAK_MB) as Watched[];
/** Ended processes can't be read any more, so peaks are sampled. */
const INTERVAL_MS = 200;

/** Peaks of memory and the identity of each process, from `start` to `end`. */
export class ProcessWatch {
  readonly #before = new Map(lasting().map((name) => [name, pidsOf(name)[0]]));
  readonly #peakMb = new Map<Watched, number>();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    for (const pid of WATCHED.flatMap(pidsOf)) forgetPeak(pid);
    this.#timer = setInterval(() => this.#note(), INTERVAL_MS);
  }

  /** Ends the watch; returns what it found. */
  end(): Finding[] {
    clearInterval(this.#timer);
    this.#note();
    const peaks = [...this.#peakMb].map(([name, peak]) => ({ name, peak: Math.round(peak) }));
    const gone = lasting().filter((name) => pidsOf(name)[0] !== this.#before.get(name));
    return [
      {
        bound: `memory: ${peaks.map(({ name }) => `${name} ${PEAK_MB[name]}`).join(', ')} MB`,
        measured: `${peaks.map(({ name, peak }) => `${name} ${peak}`).join(', ')} MB`,
        isOk: peaks.every(({ name, peak }) => peak <= PEAK_MB[name]),
      },
      {
        bound: 'no process ends',
        measured: gone.length === 0 ? 'none' : `ended: ${gone.join(', ')}`,
        isOk: gone.length === 0,
      },
    ];
  }

  #note(): void {
    for (const name of WATCHED)
      for (const pid of pidsOf(name))
        this.#peakMb.set(name, Math.max(this.#peakMb.get(name) ?? 0, peakMbOf(pid)));
  }
}

function lasting(): Watched[] {
  return WATCHED.filter((name) => name !== 'conversation' && pidsOf(name).length > 0);
}

function pidsOf(name: Watched): number[] {
  try {
    if (name === 'conversation') return childrenOf(pidOf('worker'));
    if (name === 'functions')
      return childrenOf(pidOf('supabase')).filter((pid) => statusOf(pid, 'Name') === 'deno');
    return [pidOf(name)];
  } catch {
    return [];
  }
}

function peakMbOf(pid: number): number {
  return Number.parseInt(statusOf(pid, 'VmHWM') ?? '0', 10) / 1_024;
}

function statusOf(pid: number, field: string): string | undefined {
  try {
    return new RegExp(`^${field}:\\s+(.+)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/** proc_pid_clear_refs(5): 5 resets the peak to the current memory. */
function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // It has just ended, or the system doesn't allow it: then the peak is that of its whole life.
  }
}
