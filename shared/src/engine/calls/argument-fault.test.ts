import { describe, expect, it } from 'vitest';
import { argumentReader } from './arguments.ts';
import type { JsonSchema } from '../tools/schema-dialect.ts';

const object = (properties: JsonSchema, required: string[] = [], more: JsonSchema = {}) => ({
  type: 'object',
  properties,
  required,
  ...more,
});
const faultOf = (args: Record<string, unknown>, schema: JsonSchema) => argumentReader(schema)(args).fault;

describe('arguments that do not fit are explained in one sentence', () => {
  it.each<[string, Record<string, unknown>, JsonSchema, string]>([
    [
      'a missing one',
      {},
      object({ query: { type: 'string' } }, ['query']),
      'The required argument "query" (text) is missing.',
    ],
    [
      'several missing ones',
      {},
      object({ a: {}, b: { enum: ['x', 'y'] } }, ['a', 'b']),
      'The required arguments "a" and "b" (one of "x" or "y") are missing.',
    ],
    [
      'an object that is none of several',
      { block: { a: 'x', b: 'y' } },
      object({
        block: { anyOf: [object({ a: { type: 'integer' } }), object({ b: { type: 'integer' } })] },
      }),
      'The argument "block" is an object, but fits none of its choices.',
    ],
    [
      'a wrong type',
      { limit: 'ten' },
      object({ limit: { type: 'integer' } }),
      'The argument "limit" must be a whole number, not "ten".',
    ],
    [
      'a wrong type inside',
      { filter: { names: [1] } },
      object({ filter: object({ names: { type: 'array', items: { type: 'string' } } }) }),
      'The argument "filter.names.0" must be text, not 1.',
    ],
    [
      'a wrong value',
      { unit: 'K' },
      object({ unit: { enum: ['C', 'F'] } }),
      'The argument "unit" must be one of "C" or "F", not "K".',
    ],
    ['a wrong constant', { v: 2 }, object({ v: { const: 1 } }), 'The argument "v" must be 1, not 2.'],
    [
      'one that there is not',
      { color: 'red' },
      object({ city: {}, unit: {} }, [], { additionalProperties: false }),
      'There is no argument "color": only "city" and "unit" can be given.',
    ],
    [
      'one that is too small',
      { limit: 0 },
      object({ limit: { type: 'integer', minimum: 1 } }),
      'The argument "limit" must be at least 1.',
    ],
    [
      'null where it is required',
      { city: null },
      object({ city: { type: 'string' } }, ['city']),
      'The argument "city" must be text, not null.',
    ],
    [
      'one that is neither of two',
      { at: true },
      object({ at: { anyOf: [{ type: 'string' }, { type: 'null' }] } }),
      'The argument "at" must be text or null, not true.',
    ],
    [
      'a fault in the only kind that fits',
      { at: { day: 'x' } },
      object({ at: { anyOf: [object({ day: { type: 'integer' } }), { type: 'null' }] } }),
      'The argument "at.day" must be a whole number, not "x".',
    ],
    [
      'a reference',
      { at: 7 },
      { ...object({ at: { $ref: '#/$defs/day' } }), $defs: { day: { enum: ['mon', 'tue'] } } },
      'The argument "at" must be one of "mon" or "tue", not 7.',
    ],
    [
      'a choice of sets',
      {},
      { type: 'object', oneOf: [object({ a: {} }, ['a']), object({ b: {}, c: {} }, ['b', 'c'])] },
      'Exactly one of these sets of arguments must be given: "a", or "b" and "c".',
    ],
    [
      'two faults',
      { a: 1, b: 2 },
      object({ a: { type: 'string' }, b: { type: 'boolean' } }),
      'The argument "a" must be text, not 1; the argument "b" must be true or false, not 2.',
    ],
  ])('%s', (_what, args, schema, sentence) => {
    expect(faultOf(args, schema)).toBe(sentence);
  });

  it('of which none has a path into the schema', () => {
    const odd = object({
      'a/b~c d': { type: 'array', minItems: 2, uniqueItems: true, contains: { type: 'string' } },
    });
    const fault = faultOf({ 'a/b~c d': [1] }, odd);
    expect(fault).toContain('"a/b~c d"');
    expect(fault).not.toMatch(/#|\/properties|~0|%20/);
  });
});

describe('the nulls of optional arguments', () => {
  const schema = object({ query: { type: 'string' }, limit: { type: 'integer' } }, ['query']);

  it('are dropped before the arguments are checked', () => {
    expect(argumentReader(schema)({ query: 'x', limit: null })).toEqual({
      args: { query: 'x' },
      fault: null,
    });
  });

  it('stay where the schema allows them, also by the word of OpenAPI', () => {
    const nullable = object({
      plain: { type: 'string', nullable: true },
      list: { type: 'string', enum: ['a'], nullable: true },
      either: { anyOf: [{ type: 'string' }, { type: 'integer' }], nullable: true },
      reference: { $ref: '#/$defs/text', nullable: true },
      not: { type: 'string', nullable: false },
    });
    const given = { plain: null, list: null, either: null, reference: null };
    const read = argumentReader({ ...nullable, $defs: { text: { type: 'string' } } });
    expect(read({ ...given, not: null })).toEqual({ args: given, fault: null });
    expect(read({ either: true }).fault).not.toBeNull();
  });
});
