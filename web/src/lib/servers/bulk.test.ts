import { expect, it } from 'vitest';
import { MAX_TAGS, planChange } from './bulk.ts';

const server = { is_active: true, tags: ['work'] };
const full = { is_active: true, tags: Array.from({ length: MAX_TAGS }, (_, index) => `t${index}`) };

it.each([
  ['activate', '', null],
  ['deactivate', '', { is_active: false }],
  ['add_tag', 'work', null],
  ['add_tag', 'home', { tags: ['work', 'home'] }],
  ['remove_tag', 'work', { tags: [] }],
  ['remove_tag', 'home', null],
] as const)('%s %s', (change, tag, expected) => {
  expect(planChange(server, change, tag)).toEqual(expected);
});

it('adds no tag to a server that has the maximum', () => {
  expect(planChange(full, 'add_tag', 'one more')).toBeNull();
});
