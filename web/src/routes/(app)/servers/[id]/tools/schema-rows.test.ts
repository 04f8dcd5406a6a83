import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schemaRows } from './schema-rows.ts';

describe('schemaRows', () => {
  it('reads types, required fields, descriptions and limits', () => {
    const rows = schemaRows({
      type: 'object',
      required: ['zone'],
      properties: {
        zone: { type: 'string', description: 'An IANA zone', minLength: 1 },
        style: { enum: ['short', 'long'], default: 'short' },
        many: { type: 'array', items: { type: 'integer' } },
        either: { anyOf: [{ type: 'string' }, { type: 'null' }] },
      },
    });
    expect(rows).toEqual([
      { path: 'zone', type: 'string', required: true, description: 'An IANA zone', notes: ['min length 1'] },
      {
        path: 'style',
        type: '"short" | "long"',
        required: false,
        description: '',
        notes: ['default "short"'],
      },
      { path: 'many', type: 'array of integer', required: false, description: '', notes: [] },
      { path: 'either', type: 'string or null', required: false, description: '', notes: [] },
    ]);
  });

  it('follows objects, arrays of objects and local references', () => {
    const rows = schemaRows({
      properties: {
        at: { $ref: '#/$defs/place' },
        stops: { type: 'array', items: { $ref: '#/$defs/place' } },
      },
      $defs: { place: { type: 'object', properties: { city: { type: 'string' } } } },
    });
    expect(rows.map((row) => row.path)).toEqual(['at', 'at.city', 'stops', 'stops[].city']);
  });

  it('terminates on a schema that refers to itself', () => {
    const rows = schemaRows({ properties: { node: { $ref: '#' } } });
    expect(rows.length).toBeLessThan(10);
  });

  it('terminates on an array of itself', () => {
    expect(
      schemaRows({ properties: { a: { $ref: '#/d' } }, d: { type: 'array', items: { $ref: '#/d' } } }),
    ).toHaveLength(1);
  });

  it('terminates on choices that expand to millions of others', () => {
    const next = (level: number) => Array.from({ length: 50 }, () => ({ $ref: `#/d${level + 1}` }));
    const levels = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`d${n}`, { anyOf: next(n) }]));
    const rows = schemaRows({ properties: { a: { $ref: '#/d0' }, b: { type: 'string' } }, ...levels });
    expect(rows.map(({ path }) => path)).toEqual(['a', 'b']);
  });

  it('accepts any value within its bounds', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (properties) => {
        const rows = schemaRows({ type: 'object', properties });
        expect(rows.length).toBeLessThanOrEqual(100);
        for (const row of rows) expect(row.path.length).toBeLessThanOrEqual(80);
      }),
    );
  });
});
