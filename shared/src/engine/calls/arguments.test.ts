import { describe, expect, it } from 'vitest';
import { argumentReader, assertDepth } from './arguments.ts';
import { CountedSchema } from '../tools/counted-schema.ts';
import type { JsonSchema } from '../tools/schema-dialect.ts';

const text = { type: 'string' };
const number = { type: 'number' };
const object = (properties: JsonSchema, required?: string[]) => ({
  type: 'object',
  properties,
  ...(required && { required }),
});

const argumentCheck = (schema: JsonSchema) => (args: Record<string, unknown>) =>
  argumentReader(schema)(args).fault;

describe('arguments', () => {
  const check = argumentCheck({
    type: 'object',
    properties: {
      city: text,
      when: object({ day: { type: 'integer', minimum: 1 } }),
      code: { type: 'string', pattern: '^(a+)+$' },
    },
    required: ['city'],
    additionalProperties: false,
  });

  it('that fit are let through', () => {
    expect(check({ city: 'Paris', when: { day: 3 } })).toBeNull();
  });

  it.each([
    [{}, /"city" .*missing/],
    [{ city: 7 }, /"city" must be text/],
    [{ city: 'Paris', when: { day: 0 } }, /"when\.day" must be at least 1/],
    [{ city: 'Paris', zip: 1 }, /no argument "zip"/],
  ])('%j are corrected with name and reason', (args, correction) => {
    expect(check(args)).toMatch(correction);
  });

  it('are held against the original, whose choices the model does not see', () => {
    const original = { oneOf: [object({ a: text }, ['a']), object({ b: text }, ['b'])] };
    const ofRoot = argumentCheck(original);
    expect(ofRoot({ a: 'x' })).toBeNull();
    expect(ofRoot({})).toMatch(/"a".*"b"/);
    expect(ofRoot({ a: 'x', b: 'y' })).not.toBeNull();
  });

  it('are not run through patterns of strangers, which the server checks itself', () => {
    const startedAt = performance.now();
    expect(check({ city: 'x', code: `${'a'.repeat(60)}!` })).toBeNull();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    const open = argumentCheck({ patternProperties: { '^x-': text }, additionalProperties: false });
    expect(open({ 'x-a': 'b' })).toBeNull();
  });

  it('are checked by the rules of the dialect', () => {
    const $schema = 'http://json-schema.org/draft-04/schema#';
    const above = argumentCheck({
      $schema,
      ...object({ n: { ...number, minimum: 1, exclusiveMinimum: true } }),
    });
    expect(above({ n: 1 })).toMatch(/"n" must be more than 1/);
    expect(above({ n: 2 })).toBeNull();
  });

  it('are left to the server when the schema cannot be used, or would keep us busy', () => {
    const fans = Array.from({ length: 40 }, (_, i) => {
      const next = { $ref: `#/$defs/f${i + 1}` };
      return [`f${i}`, i === 39 ? text : { allOf: [next, next] }];
    });
    const startedAt = performance.now();
    const tangled = argumentCheck({ $ref: '#/$defs/f0', $defs: Object.fromEntries(fans) as JsonSchema });
    expect(tangled({ a: 1 })).toBeNull();
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(argumentCheck({ $ref: '#' })({ a: 1 })).toBeNull();
  });

  const nested = (levels: number, innermost: object = {}) => {
    let args: Record<string, unknown> = { ...innermost };
    for (let level = 0; level < levels; level += 1) args = { x: args };
    return args;
  };

  it.each(['allOf', 'anyOf', 'oneOf'])('end also where %s refers to the schema itself, twice', (keyword) => {
    const again = { [keyword]: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/a' }] };
    const check = argumentCheck({ $ref: '#/$defs/a', $defs: { a: object({ x: again, n: number }) } });
    expect(check({ n: 'no' })).toContain('"n" must be a number');
    expect(check(nested(30, { n: 'no' }))).toBeNull();
    expect(check(nested(60))).toBeNull();
  });

  it('may be nested in 64 levels', () => {
    const check = argumentCheck(object({}));
    expect(check(nested(64))).toBeNull();
    expect(check(nested(65))).toContain('at most 64 levels');
    expect(check(nested(200_000))).toContain('at most 64 levels');
    expect(() => assertDepth(nested(200_000))).toThrow('at most 64 levels');
  });

  it.each<[string, JsonSchema, Record<string, unknown>]>([
    [
      'a list in which nothing may be twice',
      object({ a: { uniqueItems: true } }),
      { a: Array.from({ length: 100_000 }, (_, i) => i) },
    ],
    [
      'an enumeration that each element misses',
      object({ a: { items: { enum: Array.from({ length: 9_000 }, (_, i) => `v${i}`) } } }),
      { a: Array.from({ length: 20_000 }, (_, i) => i) },
    ],
    [
      'a format with an expression of exponential time',
      object({ a: { ...text, format: 'url' } }),
      { a: `http://${'a'.repeat(80)}!` },
    ],
    [
      'many limits of a long text',
      object({ a: { allOf: Array.from({ length: 3_000 }, () => ({ minLength: 1 })) } }),
      { a: 'x'.repeat(1_000_000) },
    ],
    [
      'a null that many choices may allow',
      {
        $ref: '#/$defs/f0',
        $defs: Object.fromEntries(
          Array.from({ length: 31 }, (_, i) => [
            `f${i}`,
            i === 30
              ? object({ x: text })
              : { anyOf: [{ $ref: `#/$defs/f${i + 1}` }, { $ref: `#/$defs/f${i + 1}` }] },
          ]),
        ),
      },
      { x: null },
    ],
  ])(
    'take no more than moments for %s',
    (_what, schema, args) => {
      // prettier-ignore
      expect(() => argumentReader(schema)(args)).not.toThrow();
    },
    2_000,
  );

  it('are left to the server where the validator would write out a long name for each of many schemas', () => {
    const many = Object.fromEntries(Array.from({ length: 1_500 }, (_, n) => [`q${n}`, number]));
    const name = 'n'.repeat(30_000);
    const schema = object({ [name]: object(many) });
    expect(() => new CountedSchema(schema)).toThrow('too long');
    expect(argumentCheck(schema)({ [name]: { q1: 'x' } })).toBeNull();
    expect(argumentCheck(object({ a_name_of_usual_length: object(many) }))({ a_name_of_usual_length: { q1: 'x' } })).toMatch('a number'); // prettier-ignore
  });

  it('are checked by what stands beside a key that is a prototype elsewhere', () => {
    const schema = JSON.parse('{"properties": {"x": {"type": "string", "__proto__": {"type": "number"}}}}') as JsonSchema; // prettier-ignore
    expect(argumentCheck(schema)({ x: 1 })).toContain('"x" must be text');
  });

  it('unexpected arguments are reported by a few names', () => {
    const check = argumentCheck({ ...object({}), additionalProperties: false });
    const fault = check(Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`key-${i}`, i])));
    expect(fault).toContain('"key-0"');
    expect(fault?.length).toBeLessThan(1_100);
  });
});
