import { expect, it } from 'vitest';
import { findRetiredTerms } from './retired-terms.ts';

const termsIn = (text: string, path = 'web/src/a.ts'): string[] =>
  findRetiredTerms(path, text).map(({ term }) => term);

it.each([
  '// The user is told.',
  'let told = 1;',
  'const wasToldOnce = 1;',
  'select is_told',
  "it('Told', fn)",
])('finds a retired term in comments, names and titles: %s', (text) => {
  expect(termsIn(text)).toEqual(['told']);
});

it.each(['// Untold', 'const stolid = 1;', 'lookup(name)', 'Math.floor(x)'])(
  'leaves other words and other meanings alone: %s',
  (text) => {
    expect(termsIn(text)).toEqual([]);
  },
);

it('names the line and what to say instead', () => {
  expect(findRetiredTerms('a.md', 'Fine.\n  A sign of life.')).toEqual([
    { term: 'sign of life', line: 2, text: 'A sign of life.', instead: 'filler, ping, heartbeat' },
  ]);
});

it('finds a term on a line that also has an allowed meaning of it', () => {
  expect(termsIn('// Look up what the monitor looks at.')).toEqual(['look (probe)']);
});
