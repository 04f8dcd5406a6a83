/** `npm start` as people and process managers end it: whoever gets the signal, nothing is left running. */
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

/** Stands for the stack: tells its process and that of the bootstrap, and stops as local/stack/terminal.ts does. */
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
    // What npm has put into the environment of this process is nothing that a person has.
    env: { PATH: `${dirname(process.execPath)}:${process.env['PATH']}`, HOME: process.env['HOME'] },
    detached: true,
  });
  await vi.waitFor(() => expect(existsSync(mark)).toBe(true), { timeout: 20_000, interval: 50 });
  const told = JSON.parse(readFileSync(mark, 'utf8')) as Omit<Pids, 'npm'>;
  const pids = { npm: npm.pid!, ...told };
  started.push(pids);
  return pids;
}

const isLeft = (pids: Pids): number[] => Object.values(pids).filter((pid) => identify(pid) !== null);

describe.runIf(process.platform !== 'win32')('npm start', () => {
  it.each(
    (['npm', 'bootstrap', 'stack'] as const).flatMap((target) =>
      (['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL'] as const).map((signal) => ({ target, signal })),
    ),
  )('ends whole when $target gets $signal', async ({ target, signal }) => {
    const pids = await start();
    process.kill(pids[target], signal);
    await vi.waitFor(() => expect(isLeft(pids)).toEqual([]), { timeout: 10_000, interval: 50 });
    // Its own end, in its own order, except where it was killed itself.
    expect(existsSync(`${mark}.stopped`)).toBe(!(target === 'stack' && signal === 'SIGKILL'));
  });

  it('ends whole on Ctrl-C, which goes to all of them', async () => {
    const pids = await start();
    process.kill(-pids.npm, 'SIGINT');
    await vi.waitFor(() => expect(isLeft(pids)).toEqual([]), { timeout: 10_000, interval: 50 });
    expect(readFileSync(`${mark}.stopped`, 'utf8')).toBe('SIGINT');
  });
});
