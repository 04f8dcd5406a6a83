import { expect, it } from 'vitest';
import { EMPTY_FORM } from './form-values.ts';
import { mergeEdits } from './merge.ts';

const base = { ...EMPTY_FORM, name: 'Clock', url: 'https://a.example', tags: 'work' };

it("takes the other member's changes, keeps mine, and lists conflicts", () => {
  const mine = { ...base, name: 'My clock', timeout: '5' };
  const theirs = { ...base, name: 'Their clock', tags: 'home', is_active: false };
  expect(mergeEdits(base, mine, theirs)).toEqual({
    values: { ...base, name: 'My clock', timeout: '5', tags: 'home', is_active: false },
    taken: ['tags', 'is_active'],
    clashes: [{ field: 'name', mine: 'My clock', theirs: 'Their clock' }],
  });
});

it('two people who typed the same have no conflict', () => {
  const both = { ...base, name: 'Same' };
  expect(mergeEdits(base, both, both)).toEqual({ values: both, taken: [], clashes: [] });
});
