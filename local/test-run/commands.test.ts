import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NOT_RUN, RUN_BY } from './commands.ts';

const ROOT = join(import.meta.dirname, '../..');
const PROGRAM = /^(?:docker|fly|git|node|npm|npx|pg_dump|psql|supabase|vercel) /;

/** What a document tells to type, one command a line, without comments and what is set before it. */
function commandsIn(text: string): string[] {
  const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block = '']) => block.split('\n'));
  const quoted = [...text.replace(/```.*?```/gs, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
  return [...blocks, ...quoted]
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .map((line) => line.replace(/^(?:[A-Z_]+=\S* )+/, '').replace(/ # .*$/, ''))
    .filter((line) => PROGRAM.test(line));
}

const DOCUMENTS = globSync(['*.md', 'docs/**/*.md', 'local/*/README.md'], { cwd: ROOT });
const commands = new Map(
  DOCUMENTS.map((file) => [file, commandsIn(readFileSync(join(ROOT, file), 'utf8'))] as const),
);
const known = [...Object.keys(RUN_BY), ...Object.keys(NOT_RUN)];

describe('the commands in the documents', () => {
  it.each(DOCUMENTS)('%s: each is run by something, or it is said why not', (file) => {
    const strange = commands
      .get(file)
      ?.filter((command) => !known.some((start) => command.startsWith(start)));
    expect(strange).toEqual([]);
  });

  it('are run by files that are there', () => {
    expect(Object.values(RUN_BY).filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });

  it('are all that is listed', () => {
    const all = [...commands.values()].flat();
    expect(known.filter((start) => !all.some((command) => command.startsWith(start)))).toEqual([]);
  });
});
