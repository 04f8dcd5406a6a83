import { describe, expect, it } from 'vitest';
import { sourceHash } from './web-build.ts';

const files: Record<string, string> = { 'web/src/a.ts': 'one', 'web/src/b.ts': 'two' };
const hashOf = (content: Record<string, string>, order = Object.keys(content)): string =>
  sourceHash(order, (file) => content[file] ?? '');

describe('the hash of the sources', () => {
  it('stays the same in any order of the files', () => {
    expect(hashOf(files, ['web/src/b.ts', 'web/src/a.ts'])).toBe(hashOf(files));
  });

  it('changes with the content, with a name, and when text moves from one file to another', () => {
    const others: Record<string, string>[] = [
      { ...files, 'web/src/a.ts': 'ONE' },
      { 'web/src/a.ts': 'one', 'web/src/c.ts': 'two' },
      { 'web/src/a.ts': 'onetwo', 'web/src/b.ts': '' },
      { 'web/src/a.ts': 'one' },
    ];
    expect(new Set([...others.map((other) => hashOf(other)), hashOf(files)]).size).toBe(5);
  });
});
