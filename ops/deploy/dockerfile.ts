interface Instruction {
  word: string;
  text: string;
}

export interface Stage {
  /** Empty for the last stage, which is the image. */
  name: string;
  base: string;
  instructions: Instruction[];
}

/** The stages in their order. Comments are left out, and lines that go on are joined. */
export function parseDockerfile(text: string): Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: Stage[] = [];
  for (const line of lines) {
    const [, word = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    if (word === 'FROM') {
      const [, base = '', name = ''] = /^(\S+)(?: AS (\S+))?$/.exec(rest) ?? [];
      stages.push({ name, base, instructions: [] });
    } else {
      stages.at(-1)?.instructions.push({ word, text: rest });
    }
  }
  return stages;
}

export interface Copy {
  /** Empty for the repository. */
  from: string;
  sources: string[];
  target: string;
}

export function parseCopy(text: string): Copy {
  const [, from = ''] = /^--from=(\S+) /.exec(text) ?? [];
  const paths = text.replace(/^--from=\S+ /, '').split(' ');
  return { from, sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
}

/** The variable of an `ENV` instruction, and its value without quotes. */
export function parseEnv(text: string): [name: string, value: string] {
  const [, name = '', value = ''] = /^(\w+)=(.*)$/.exec(text) ?? [];
  return [name, value.replace(/^"(.*)"$/, '$1')];
}

/** What .dockerignore keeps out, as a question about a path relative to the repository. */
export function ignoredBy(text: string): (path: string) => boolean {
  const patterns = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => new RegExp(`^${line.split('**/').map(escapeGlob).join('(?:.*/)?')}(?:/|$)`));
  return (path) => patterns.some((pattern) => pattern.test(path));
}

function escapeGlob(text: string): string {
  return text
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('[^/]*');
}
