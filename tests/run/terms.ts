/** `node tests/run/terms.ts --count` counts the retired terms per folder. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findRetiredTerms } from './retired-terms.ts';
import { PENDING } from './retired-terms-pending.ts';

const ROOT = join(import.meta.dirname, '../..');
const TEXT = /\.(?:ts|mjs|cjs|js|svelte|sql|md|ya?ml|toml|html|css)$|Dockerfile$/;
/** Generated, or about the retired terms themselves. */
const SKIPPED = /^docs\/glossary\.md$|retired-terms|\.types\.ts$|^package-lock\.json$/;

const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
const files = listed
  .toString()
  .split('\n')
  .filter((file) => TEXT.test(file) && !SKIPPED.test(file));
const found = files.flatMap((file) =>
  findRetiredTerms(file, readText(file)).map((finding) => ({ file, ...finding })),
);

const folderOf = (file: string): string => file.split('/').slice(0, -1).slice(0, 2).join('/') || '.';

if (process.argv.includes('--count')) {
  const counts = new Map<string, number>();
  for (const { file, term } of found) {
    const key = `${term}\t${folderOf(file)}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const [key, count] of [...counts].sort()) console.log(`${String(count).padStart(5)}  ${key}`);
} else {
  const isPending = (term: string, file: string): boolean =>
    (PENDING[term] ?? []).some((folder) => folder === folderOf(file));
  const wrong = found.filter(({ term, file }) => !isPending(term, file));
  for (const { file, line, term, instead, text } of wrong)
    console.log(`${file}:${line}: "${term}" is retired, say ${instead}: ${text}`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}

function readText(file: string): string {
  try {
    return readFileSync(join(ROOT, file), 'utf8');
  } catch {
    return ''; // Deleted, but not committed.
  }
}
