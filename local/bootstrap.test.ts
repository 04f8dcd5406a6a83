import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { findNpm } from './stack/npm.ts';
import { identify } from './processes/process-identity.ts';

const folder = mkdtempSync(join(tmpdir(), 'patchbay-bootstrap-'));
const mark = join(folder, 'mark.json');

/** Stands in for the stack: writes its pid and the bootstrap's, and stops as local/stack/terminal.ts does. */
const STACK = `
  import { writeFileSync } from 'node:fs';
  const stop = (reason) => { writeFileSync('${mark}.stopped', reason); process.exit(0); };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal));
  process.once('disconnect', () => stop('disconnect'));
  setInterval(() => {}, 1000);
  writeFileSync('${mark}', JSON.stringify({ stack: process.pid, bootstrap: process.ppid }));
`;

beforeAll(() => {
  const write = (file: string, content: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), content);
  };
  cpSync(join(import.meta.dirname, 'bootstrap.mjs'), join(folder, 'local/bootstrap.mjs'));
  cpSync(join(import.meta.dirname, '../.nvmrc'), join(folder, '.nvmrc'));
  write('local/stack/start.ts', STACK);
  const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  write('package.json', JSON.stringify({ type: 'module', scripts: { start: scripts['start'] } }));
  const lockfile = '{"packages":{}}';
  write('package-lock.json', lockfile);
  const hash = createHash('sha256').update(lockfile).digest('hex');
  write('node_modules/.patchbay-install', `${hash} ${process.platform}-${process.arch}\n`);
});
const started: Pids[] = [];
afterEach(() => {
  for (const pid of started.splice(0).flatMap(isLeft)) process.kill(pid, 'SIGKILL');
  for (const file of [mark, `${mark}.stopped`]) rmSync(file, { force: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Pids {
  npm: number;
  bootstrap: number;
  stack: number;
}

async function start(): Promise<Pids> {
  const npm = spawn(process.execPath, [findNpm(), 'start'], {
    cwd: folder,
    stdio: 'ignore',
    env: { PATH: `${dirname(process.execPath)}:${process.env['PATH']}`, HOME: process.env['HOME'] },
    detached: true,
  });
  await vi.waitFor(() => expect(existsSync(mark)).toBe(true), { timeout: 20_000, interval: 50 });
  const written = JSON.parse(readFileSync(mark, 'utf8')) as Omit<Pids, 'npm'>;
  const pids = { npm: npm.pid!, ...written };
  started.push(pids);
  return pids;
}

const isLeft = (pids: Pids): number[] => Object.values(pids).filter((pid) => identify(pid) !== null);

describe.runIf(process.platform !== 'win32')('npm start', () => {
  it.each(
    (['npm', 'bootstrap', 'stack'] as const).flatMap((target) =>
      (['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL'] as const).map((signal) => ({ target, signal })),
    ),
  )('leaves no process behind when $target gets $signal', async ({ target, signal }) => {
    const pids = await start();
    process.kill(pids[target], signal);
    await vi.waitFor(() => expect(isLeft(pids)).toEqual([]), { timeout: 10_000, interval: 50 });
    // The stack shuts down in order, unless it was killed itself.
    expect(existsSync(`${mark}.stopped`)).toBe(!(target === 'stack' && signal === 'SIGKILL'));
  });

  it('leaves no process behind on Ctrl-C, which all of them receive', async () => {
    const pids = await start();
    process.kill(-pids.npm, 'SIGINT');
    await vi.waitFor(() => expect(isLeft(pids)).toEqual([]), { timeout: 10_000, interval: 50 });
    expect(readFileSync(`${mark}.stopped`, 'utf8')).toBe('SIGINT');
  });
});
