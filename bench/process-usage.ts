import { readFileSync } from 'node:fs';

/** In MB of 2^20 bytes. */
export interface Memory {
  /** Its own memory and its share of shared memory. */
  pssMb: number;
  /** Its own memory without files and libraries. */
  anonymousMb: number;
}

/** @throws Error where there is no such process, or no such file system */
export function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const megabytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1_024;
  return { pssMb: megabytes('Pss'), anonymousMb: megabytes('Anonymous') };
}

/** Linux counts CPU time in ticks of a hundredth of a second. */
const TICKS_PER_SECOND = 100;

/** Seconds of CPU that all threads of a process have used since it started. @throws as `memoryOf` */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field, in parentheses, may hold spaces; user and system time are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
