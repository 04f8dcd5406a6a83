import assert from 'node:assert/strict';

/** Asserts that `actual` has every field of `expected`, at every depth. The hosted Deno version has nothing for this. */
export function assertMatches(actual: unknown, expected: unknown): void {
  assert.deepEqual(pickLike(actual, expected), expected);
}

function pickLike(value: unknown, pattern: unknown): unknown {
  if (!isObject(value) || !isObject(pattern)) return value;
  if (Array.isArray(pattern)) {
    return Array.isArray(value) ? value.map((item, index) => pickLike(item, pattern[index])) : value;
  }
  const shared = Object.keys(pattern).filter((key) => Object.hasOwn(value, key));
  return Object.fromEntries(shared.map((key) => [key, pickLike(value[key], pattern[key])]));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
