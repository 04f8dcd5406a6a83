import { expect, it } from 'vitest';
import { jsonWeight } from './json-weight.ts';

it('counts the characters of JSON, and its values outside strings on top', () => {
  expect(jsonWeight('{}')).toBe(2 + 2 * 48);
  expect(jsonWeight('[1,2,3]')).toBe(7 + 4 * 48);
  expect(jsonWeight('{"a,b":"[{,\\",{"}')).toBe(17 + 2 * 48);
});

it('tells a text that becomes many values from prose of the same length', () => {
  const prose = JSON.stringify(['x, '.repeat(30_000)]);
  expect(jsonWeight(prose)).toBeLessThan(prose.length + 1_000);
  expect(jsonWeight(`[${'[],'.repeat(30_000)}0]`)).toBeGreaterThan(30 * 90_000);
});
