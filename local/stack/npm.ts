import { existsSync, globSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/**
 * Finds npm's cli script: the one that `npm start` downloaded, the one next to this Node, or the one running this process.
 * @throws Error if there is none
 */
export function findNpm(): string {
  const name = 'node_modules/npm/bin/npm-cli.js';
  const candidates = [
    ...globSync(`.local/runtime/*/${name}`, { cwd: ROOT }).map((file) => join(ROOT, file)),
    join(dirname(process.execPath), '../lib', name),
    process.env['npm_execpath'] ?? '',
  ];
  const found = candidates.find((file) => basename(file) === 'npm-cli.js' && existsSync(file));
  if (found === undefined) throw new Error('npm was not found.');
  return found;
}
