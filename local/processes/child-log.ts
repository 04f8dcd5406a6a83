import { createWriteStream, existsSync, renameSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const KEPT_LINES = 12;
const PINO_ERROR = 50;

/** The log file of one child, its last words, and those of its lines that a person should see at once. */
export interface ChildLog {
  file: string;
  /** Takes over the output of a (re)started child. */
  attach(stdout: Readable, stderr: Readable, stderrIsLog: boolean): void;
  note(text: string): void;
  lastLines(): string[];
  close(): Promise<void>;
}

/**
 * Opens `<folder>/<name>.log`; the one of the start before is kept beside it as `<name>.previous.log`.
 * @param show gets the error lines
 */
export function openChildLog(folder: string, name: string, show: (line: string) => void): ChildLog {
  const file = join(folder, `${name}.log`);
  if (existsSync(file)) renameSync(file, join(folder, `${name}.previous.log`));
  // 0600: what a child prints may quote what users said.
  const stream: WriteStream = createWriteStream(file, { mode: 0o600 });
  // A full disk costs the log, not the stack.
  stream.on('error', () => undefined);
  const kept: string[] = [];
  const write = (line: string): void => {
    stream.write(`${line}\n`);
    kept.push(line);
    if (kept.length > KEPT_LINES) kept.shift();
  };
  return {
    file,
    attach(stdout, stderr, stderrIsLog) {
      for (const source of [stdout, stderr]) {
        createInterface({ input: source }).on('line', (line) => {
          write(line);
          const error = errorIn(line, source === stderr && !stderrIsLog);
          if (error !== null) show(error);
        });
      }
    },
    note: (text) => write(`--- ${new Date().toISOString()} ${text}`),
    lastLines: () => [...kept],
    close: () => new Promise((resolve) => stream.end(resolve)),
  };
}

/**
 * What a log line says to the person at the screen: structured lines by their level (pino's numbers, or names as
 * livekit-server writes them), plain ones when they came on stderr.
 * @returns null for a line that belongs in the file only
 */
export function errorIn(line: string, isErrorOutput: boolean): string | null {
  const record = line.startsWith('{') ? parseRecord(line) : null;
  if (!record) return isErrorOutput && line.trim() !== '' ? line : null;
  const { level } = record;
  const isError = typeof level === 'number' ? level >= PINO_ERROR : level === 'error' || level === 'fatal';
  if (!isError) return null;
  const { msg, error } = record;
  return [msg, error].filter((part) => typeof part === 'string').join(': ') || line;
}

function parseRecord(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
