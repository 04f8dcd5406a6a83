import { createWriteStream, existsSync, renameSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const KEPT_LINES = 12;
const PINO_ERROR = 50;

export interface ChildLog {
  file: string;
  attach(stdout: Readable, stderr: Readable, stderrIsLog: boolean): void;
  note(text: string): void;
  lastLines(): string[];
  close(): Promise<void>;
}

/**
 * Opens `<folder>/<name>.log`, and keeps the previous start's as `<name>.previous.log`.
 * @param show is called with each error line
 */
export function openChildLog(folder: string, name: string, show: (line: string) => void): ChildLog {
  const file = join(folder, `${name}.log`);
  if (existsSync(file)) renameSync(file, join(folder, `${name}.previous.log`));
  // 0600, because the output may quote users.
  const stream: WriteStream = createWriteStream(file, { mode: 0o600 });
  // A full disk must not end the stack.
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
 * Returns the message of an error line: a structured line by its level (pino's numbers, or livekit-server's names), a
 * plain one if it came on stderr.
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
