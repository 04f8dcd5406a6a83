import { existsSync, globSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/**
 * npm's own program: the one that `npm start` brought, that beside this Node, or the one that runs us.
 * @throws Error where there is none
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
