import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { capacityOf, type Machine } from '../../agent-worker/src/capacity.ts';
import { PACE } from '../../agent-worker/src/monitor/pace.ts';
import { describeError, ERROR_CODES } from '@patchbay/shared/errors';
import { describe, expect, it } from 'vitest';
import { machineFor, readFly, sustainedCores } from '../deploy/fly.ts';
import { isQuoteOf, placeLinks, quotesOf } from './source-links.ts';

const ROOT = join(import.meta.dirname, '../..');
const ROOMS = ['agent-worker', 'docs', 'local', 'shared', 'supabase', 'web'];
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** Cells of the rows of a table; Prettier may pad them as it likes. */
function rowsOf(text: string): string[][] {
  const rows = text.split('\n').filter((line) => line.startsWith('| '));
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

it('the table of errors in the docs is that of the code', () => {
  const text = read('docs/connections.md').split('\n## Errors\n')[1] ?? '';
  const [, , ...rows] = rowsOf(text);
  const expected = ERROR_CODES.map((code) => {
    const { message, hint, retryable } = describeError(code);
    return [`\`${code}\``, message, hint, retryable ? 'yes' : 'no'];
  });
  expect(rows).toEqual(expected);
});

it('the loads in the docs follow from their formulas, and from the pace of the monitor', () => {
  const [s, a, t] = [5, 0.05, 0.01];
  const watchedS = (0.95 * PACE.healthyMs) / 1_000;
  const unwatchedS = (0.95 * PACE.healthyLongestMs) / 1_000;
  expect([watchedS, unwatchedS]).toEqual([57, 285]);
  const looks = (U: number): number => (a * U * s) / watchedS + ((1 - a) * U * s) / unwatchedS;
  const loads: ((U: number) => number)[] = [
    (U) => t * U,
    (U) => Math.ceil((t * U) / capacityOf(machineFor(readFly(), 'worker'))),
    (U) => 2 * t * U,
    (U) => t * U * s,
    (U) => (a + t) * U,
    (U) => (2 * a * U * s) / watchedS,
    (U) => (a * U) / 20 + (a * U * s) / watchedS,
    (U) => (2 * t * U) / 30,
    looks,
    (U) => 172_800 * looks(U),
  ];
  const told = (load: number): string =>
    (Number.isInteger(load) ? load : Number(load.toPrecision(2))).toLocaleString('en-US', {
      maximumFractionDigits: 3,
    });
  const text = read('docs/scale.md').split('\n## What so many users need\n')[1]?.split('\n## ')[0] ?? '';
  const [, , ...rows] = rowsOf(text);
  expect(rows.map((cells) => cells.slice(2))).toEqual(
    loads.map((load) => [100, 10_000, 1_000_000].map((U) => told(load(U)))),
  );
});

it('the capacities of machines in the docs are those that a worker computes', () => {
  const text = read('docs/scale.md').split('\n## Machines\n')[1]?.split('\n## ')[0] ?? '';
  const [, , ...rows] = rowsOf(text);
  expect(rows.length).toBeGreaterThan(2);
  for (const [machine = '', ...told] of rows) {
    const [, size = '', gigabytes] = /^`([\w-]+)`, (\d+) GB$/.exec(machine) ?? [];
    const cores = sustainedCores(size);
    const given: Machine = { totalBytes: Number(gigabytes) * 2 ** 30, constrainedBytes: 0, cores };
    const byMemory = capacityOf({ ...given, cores: 1_000 });
    const capacity = capacityOf(given);
    expect(told, machine).toEqual([cores, byMemory, capacity].map(String));
  }
});

const DOCUMENTS = globSync(
  ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/**/*.md', 'local/*/README.md'],
  { cwd: ROOT },
);
/** Commands of npm itself that the docs may name. */
const OF_NPM = new Set(['audit', 'ci', 'run']);

describe.each(DOCUMENTS)('%s', (file) => {
  it('names only paths that exist', () => {
    const text = read(file);
    const links = [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map(([, path = '']) => path);
    const quoted = [...text.matchAll(/`([\w./-]+)`/g)].map(([, path = '']) => path);
    const isPath = (path: string): boolean => ROOMS.some((room) => path.startsWith(`${room}/`));
    const missing = [
      ...links.filter((path) => !existsSync(join(ROOT, file, '..', path))),
      ...quoted.filter((path) => isPath(path) && !existsSync(join(ROOT, path))),
    ];
    expect(missing).toEqual([]);
  });

  it('names only commands that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const commands = [...read(file).matchAll(/\bnpm (?:run )?([a-z][\w:-]*)/g)].map(([, name = '']) => name);
    expect(commands.filter((name) => !(name in scripts) && !OF_NPM.has(name))).toEqual([]);
  });

  // When code has moved: CONTRIBUTING.md says how the lines are put right.
  it('links to the lines of the code that it names', async () => {
    const readLinked = (path: string): string | null => {
      const linked = join(ROOT, file, '..', path);
      return existsSync(linked) ? readFileSync(linked, 'utf8') : null;
    };
    const { text, missing } = placeLinks(read(file), readLinked);
    expect(missing).toEqual([]);
    await expect(text).toMatchFileSnapshot(join(ROOT, file));
  });

  it('quotes the code as it is', () => {
    const wrong = quotesOf(read(file)).filter(({ path, code }) => !isQuoteOf(code, read(path)));
    expect(wrong).toEqual([]);
  });
});
