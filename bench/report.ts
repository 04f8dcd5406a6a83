import os from 'node:os';
import { join } from 'node:path';
import { readJson, writeJson } from '../local/stack/stack-file.ts';
import { summarize, type Summary } from './statistics.ts';

const FOLDER = join(import.meta.dirname, '../.local/bench');
const LATEST = join(FOLDER, 'latest.json');

export interface Measure {
  name: string;
  about: string;
  samplesMs: number[];
}

export interface Result {
  name: string;
  started_at: string;
  duration_s: number;
  machine: Machine;
  rounds: number;
  reference: string;
  notes: string[];
  measures: (Measure & Summary & { medianToReference: number; p95ToReference: number })[];
}

export interface Machine {
  cores: number;
  cpu: string;
  memory_gb: number;
  platform: string;
  node: string;
  /** The load average of the last minute. */
  load: { before: number; after: number };
}

export interface Run {
  name: string;
  startedAt: Date;
  loadBefore: number;
  notes: string[];
  reference: string;
  measures: Measure[];
}

/** The processes that wait for a core, on average over the last minute. */
export function currentLoad(): number {
  return Number((os.loadavg()[0] ?? 0).toFixed(2));
}

/** The machine that runs this, at the end of a run. @param loadBefore `currentLoad` at its beginning */
export function describeMachine(loadBefore: number): Machine {
  return {
    cores: os.availableParallelism(),
    cpu: os.cpus()[0]?.model ?? 'unknown',
    memory_gb: Math.round(os.totalmem() / 2 ** 30),
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    load: { before: loadBefore, after: currentLoad() },
  };
}

/** @throws RangeError for a measure without samples, or a reference that is no measure */
export function conclude(run: Run, now: Date): Result {
  const reference = run.measures.find(({ name }) => name === run.reference);
  if (!reference) throw new RangeError(`nothing was measured as ${run.reference}`);
  const base = summarize(reference.samplesMs);
  return {
    name: run.name,
    started_at: run.startedAt.toISOString(),
    duration_s: Math.round((now.getTime() - run.startedAt.getTime()) / 1000),
    machine: describeMachine(run.loadBefore),
    rounds: base.count,
    reference: run.reference,
    notes: run.notes,
    measures: run.measures.map((measure) => {
      const summary = summarize(measure.samplesMs);
      return {
        ...measure,
        ...summary,
        medianToReference: summary.medianMs / base.medianMs,
        p95ToReference: summary.p95Ms / base.p95Ms,
      };
    }),
  };
}

/** The figures as a small table, with what they mean. */
export function toTable({ name, rounds, reference, machine, notes, measures }: Result): string {
  const { cores, cpu, node, load } = machine;
  const width = Math.max(...measures.map((measure) => measure.name.length));
  const row = (first: string, ...cells: string[]): string =>
    `  ${first.padEnd(width)}${cells.map((cell) => cell.padStart(12)).join('')}`;
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  const times = (value: number): string => `${value.toFixed(2)} x`;
  return [
    `${name}: ${rounds} rounds; ${cores} cores (${cpu}), Node ${node}, load ${load.before} before and ${load.after} after`,
    row('', 'median', 'p95', 'median/ref', 'p95/ref'),
    ...measures.map((measure) =>
      row(
        measure.name,
        ms(measure.medianMs),
        ms(measure.p95Ms),
        times(measure.medianToReference),
        times(measure.p95ToReference),
      ),
    ),
    ...measures.map((measure) => `  ${measure.name}: ${measure.about}`),
    `  ref: ${reference}, of the same run`,
    ...notes.map((note) => `  ${note}`),
  ].join('\n');
}

/**
 * Writes the result under .local/bench: a file of its own, and latest.json, which holds the last result of each
 * benchmark by name.
 * @returns the path of the file of its own
 */
export function writeResult(result: Pick<Result, 'name' | 'started_at'>): string {
  const file = join(FOLDER, `${result.name}-${result.started_at.replace(/[:.]/g, '-')}.json`);
  writeJson(file, result);
  const known = readJson(LATEST);
  writeJson(LATEST, { ...(typeof known === 'object' ? known : {}), [result.name]: result });
  return file;
}
