import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeError, ERROR_CODES } from '@patchbay/shared/contract/errors';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const tracked = (pattern: string | string[]): string[] =>
  globSync(pattern, { cwd: ROOT, exclude: ['**/node_modules', '**/.local', '**/build', 'supabase-docker'] });

const DOCUMENTS = tracked(['*.md', 'docs/**/*.md', '.github/**/*.md', '*/**/README.md']);
const FOLDERS = tracked('*/').map((folder) => folder.replace(/\/?$/, '/'));
const OF_NPM = new Set(['audit', 'ci', 'install', 'run']);

const codeIn = (text: string): string =>
  [...text.matchAll(/```.*?```|`[^`\n]+`/gs)].map(([code]) => code).join('\n');

describe.each(DOCUMENTS)('%s', (file) => {
  it('has no dead links and names no missing paths', () => {
    const text = read(file);
    const links = [...text.matchAll(/(?:\]\(|src(?:set)?=")(?!https?:|mailto:|#)([^)#"\s]+)/g)];
    const quoted = [...text.matchAll(/`([\w@./-]+)`/g)].map(([, path = '']) => path);
    const isPath = (path: string): boolean => FOLDERS.some((folder) => path.startsWith(folder));
    const missing = [
      ...links
        .map(([, path = '']) => path)
        .filter((path) => !existsSync(join(ROOT, file, '..', decodeURIComponent(path)))),
      ...quoted.filter((path) => isPath(path) && !existsSync(join(ROOT, path))),
    ];
    expect(missing).toEqual([]);
  });

  it('names only symbols that their file contains', () => {
    const links = read(file).matchAll(/\[`([^`/\]]+)`\]\((?!https?:)([^)#\s]+\.(?:ts|mjs|sql|svelte))\)/g);
    const missing = [...links].filter(([, name = '', path = '']) => {
      const symbol = name.split('.').at(-1) ?? '';
      const linked = join(file, '..', decodeURIComponent(path));
      return (
        !path.endsWith(`/${name}`) &&
        path !== name &&
        existsSync(join(ROOT, linked)) &&
        !read(linked).includes(symbol)
      );
    });
    expect(missing.map(([link]) => link)).toEqual([]);
  });

  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const commands = [...codeIn(read(file)).matchAll(/\bnpm (?:run )?([a-z][\w:-]*)/g)];
    const names = commands.map(([, name = '']) => name);
    expect(names.filter((name) => !(name in scripts) && !OF_NPM.has(name))).toEqual([]);
  });

  it('runs only files that exist', () => {
    const files = [...codeIn(read(file)).matchAll(/\b(?:node|npx) [^`\n]*?\b([\w-]+\/[\w./-]+\.m?[jt]s)\b/g)];
    expect(files.map(([, path = '']) => path).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  // Blocks whose fence says `file=path` quote that file, however it breaks its lines.
  it('quotes code as it is', () => {
    const flat = (text: string): string => text.replace(/\s+/g, ' ').trim();
    const quotes = [...read(file).matchAll(/^```\w+ file=(\S+)\n(.*?)^```$/gms)];
    const wrong = quotes.filter(([, path = '', code = '']) => !flat(read(path)).includes(flat(code)));
    expect(wrong.map(([block]) => block)).toEqual([]);
  });
});

it('docs/connections.md lists every error code with its message and hint', () => {
  const [, table = ''] = read('docs/connections.md').split('\n## Errors\n');
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  const cells = rows.map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
  const expected = ERROR_CODES.map((code) => {
    const { message, hint, retryable } = describeError(code);
    return [`\`${code}\``, message, hint, retryable ? 'yes' : 'no'];
  });
  expect(cells).toEqual(expected);
});
