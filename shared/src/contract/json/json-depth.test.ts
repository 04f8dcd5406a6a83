import { describe, expect, it } from 'vitest';
import { cutDepth, isDeeperThan } from './json-depth.ts';

function nested(levels: number): unknown {
  let value: unknown = 'innermost';
  for (let level = 0; level < levels; level += 1) value = level % 2 ? [value] : { a: value };
  return value;
}

describe('depth', () => {
  it('counts objects and lists in each other', () => {
    expect(isDeeperThan('text', 0)).toBe(false);
    expect(isDeeperThan({}, 0)).toBe(true);
    expect(isDeeperThan(nested(5), 5)).toBe(false);
    expect(isDeeperThan(nested(6), 5)).toBe(true);
    expect(isDeeperThan(nested(200_000), 100)).toBe(true);
  });

  it('is cut where it goes too far, and a value that fits stays the same object', () => {
    const flat = nested(5);
    expect(cutDepth(flat, 5)).toBe(flat);
    expect(cutDepth({ a: { b: { c: 1 } }, d: [1] }, 2)).toEqual({ a: { b: '\u2026' }, d: [1] });
    expect(isDeeperThan(cutDepth(nested(200_000), 100), 100)).toBe(false);
  });

  it('keeps a key that is a prototype elsewhere', () => {
    const value = JSON.parse('{"__proto__": {"a": {"b": {}}}}') as object;
    expect(JSON.stringify(cutDepth(value, 2))).toBe('{"__proto__":{"a":"\u2026"}}');
  });
});
