import assert from 'node:assert/strict';
import { assertMatches } from './assert-matches.ts';

Deno.test('a value matches what it has more than, at every depth', () => {
  assertMatches({ a: 1, b: { c: 2, d: 3 }, e: [{ f: 4, g: 5 }] }, { a: 1, b: { c: 2 }, e: [{ f: 4 }] });
});

Deno.test('a field that is missing, or another value, does not match', () => {
  const refused: [unknown, unknown][] = [
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, { b: 1 }],
    [{ a: { b: 1 } }, { a: { b: 2 } }],
    [[{ a: 1 }, { a: 2 }], [{ a: 1 }]],
    [null, { a: 1 }],
    [{ a: 1 }, [1]],
  ];
  for (const [actual, expected] of refused) assert.throws(() => assertMatches(actual, expected));
});
