import { describe, expect, it } from 'vitest';
import { schemaForModel, tryConversion } from './model-schema.ts';
import type { JsonSchema } from './schema-dialect.ts';

const text = { type: 'string' };
const number = { type: 'number' };
const object = (properties: JsonSchema, required?: string[]) => ({
  type: 'object',
  properties,
  ...(required && { required }),
});

describe('the schema for the model', () => {
  it('leaves a plain schema as it is, but for its dialect', () => {
    const plain = {
      ...object({ city: { ...text, description: 'Where', default: 'Paris' } }, ['city']),
      title: 'Weather',
      description: 'What to look up.',
      additionalProperties: false,
    };
    const $schema = 'http://json-schema.org/draft-07/schema#';
    expect(schemaForModel({ ...plain, $schema })).toEqual(plain);
  });

  it('has properties also when the tool takes nothing', () => {
    expect(schemaForModel({ type: 'object' })).toEqual({ type: 'object', properties: {} });
  });

  it.each(['anyOf', 'oneOf', 'allOf', 'enum', 'not', '$ref', 'if'])('has no %s at its root', (keyword) => {
    const value = { $ref: '#', enum: [{}], not: {}, if: {} }[keyword] ?? [object({ a: text })];
    const fitted = schemaForModel({ type: 'object', [keyword]: value });
    expect(fitted).toMatchObject({ type: 'object', properties: {} });
    expect(fitted).not.toHaveProperty([keyword]);
  });

  it('shows the choices of the root as properties, and says what belongs together', () => {
    const fitted = schemaForModel({
      type: 'object',
      properties: { units: text },
      required: ['units'],
      oneOf: [
        object({ kind: { const: 'city' }, name: text }, ['kind', 'name']),
        object({ kind: { const: 'point' }, lat: number, lon: number }, ['kind', 'lat', 'lon']),
      ],
    });
    expect(fitted).toEqual({
      type: 'object',
      description:
        'Give exactly one of these sets of arguments: kind ("city"), name; or kind ("point"), lat, lon.',
      properties: { units: text, kind: { enum: ['city', 'point'] }, name: text, lat: number, lon: number },
      required: ['units', 'kind'],
    });
  });

  it('keeps both meanings of a property that two branches describe', () => {
    const fitted = schemaForModel({ anyOf: [object({ id: text }), object({ id: number })] });
    expect(fitted.properties).toEqual({ id: { anyOf: [text, number] } });
  });

  it('joins what must hold together', () => {
    const fitted = schemaForModel({
      type: 'object',
      allOf: [object({ a: text }, ['a']), { $ref: '#/definitions/more' }],
      definitions: { more: object({ b: number, a: { minLength: 2 } }, ['b']) },
    });
    expect(fitted).toEqual({
      type: 'object',
      properties: { a: { allOf: [text, { minLength: 2 }] }, b: number },
      required: ['a', 'b'],
    });
  });

  it('follows references however they are written, and keeps what refers to itself', () => {
    const fitted = schemaForModel({
      type: 'object',
      properties: {
        old: { $ref: '#/definitions/a~1b' },
        anchor: { $ref: '#place' },
        beside: { $ref: '#/properties/old' },
        tree: { $ref: '#/$defs/node' },
        self: { $ref: '#' },
        nowhere: { $ref: 'https://example.com/schema.json' },
      },
      definitions: { 'a/b': text, unused: number },
      $defs: {
        place: { $anchor: 'place', ...number },
        node: object({ children: { type: 'array', items: { $ref: '#/$defs/node' } } }),
      },
    });
    const { properties, $defs } = fitted as { properties: Record<string, JsonSchema>; $defs: JsonSchema };
    const follow = (schema?: JsonSchema) => $defs[String(schema?.$ref).replace('#/$defs/', '')];
    expect(follow(properties.old)).toEqual(text);
    expect(follow(properties.anchor)).toEqual(number);
    expect(follow(follow(properties.beside) as JsonSchema)).toEqual(text);
    expect(follow(properties.tree)).toEqual(
      object({ children: { type: 'array', items: { $ref: properties.tree?.$ref } } }),
    );
    expect(follow(properties.self)).toHaveProperty('properties.tree');
    expect(properties.nowhere).toEqual({});
    expect(Object.values($defs)).not.toContainEqual({ definitions: expect.anything() as unknown });
  });

  it.each<[string, JsonSchema, JsonSchema]>([
    ['an array of anything', { type: 'array' }, { type: 'array', items: {} }],
    ['also among types', { type: ['array', 'null'] }, { type: ['array', 'null'], items: {} }],
    [
      'a tuple of draft 7',
      { type: 'array', items: [text, number], additionalItems: false },
      { type: 'array', prefixItems: [text, number], items: false },
    ],
    ['a limit of draft 4', { minimum: 1, exclusiveMinimum: true }, { exclusiveMinimum: 1 }],
    ['a type that is none', { type: 'any', description: 'x' }, { description: 'x' }],
    ['a property of draft 3', object({ b: { ...text, required: true } }), object({ b: text }, ['b'])],
    ['a schema that is true', true as never, {}],
    [
      'dependencies of draft 7',
      { dependencies: { a: ['b'], c: object({ d: text }) } },
      { dependentRequired: { a: ['b'] }, dependentSchemas: { c: object({ d: text }) } },
    ],
  ])('tells %s as 2020-12 does', (_what, schema, expected) => {
    const fitted = schemaForModel(object({ a: schema }));
    expect((fitted.properties as JsonSchema).a).toEqual(expected);
  });

  it('is refused where references repeat what is long, and leads nowhere quickly', () => {
    const lying = (inner: JsonSchema): JsonSchema => {
      let schema = inner;
      for (let n = 0; n < 58; n += 1) schema = { $anchor: `a${n}`, not: schema };
      const refs = Array.from({ length: 58 }, (_, n) => [`p${n}`, { $ref: `#a${n}` }]);
      return object({ x: schema, ...(Object.fromEntries(refs) as JsonSchema) });
    };
    for (const inner of [
      { enum: ['v'.repeat(58_000)] },
      { $ref: `#${'/a'.repeat(28_000)}` },
      object({ ['n'.repeat(58_000)]: text }),
      { description: 'd'.repeat(58_000) },
    ])
      expect(tryConversion(lying(inner)).fault).toMatch('256 KB once its references are followed');
    expect(tryConversion(lying(text)).fault).toBeNull();
    expect(schemaForModel(object({ a: { $ref: `#${'/a'.repeat(28_000)}` } })).properties).toEqual({ a: {} });
  });

  it('is refused where the words for its choices would be many times as long', () => {
    const a = { const: 'v'.repeat(30_000) };
    const anyOf = Array.from({ length: 700 }, (_, n) => ({ $ref: '#/$defs/x', required: [`b${n}`] }));
    expect(tryConversion({ $defs: { x: object({ a }, ['a']) }, anyOf }).fault).toMatch('too complex');
    const few = schemaForModel({ $defs: { x: object({ a }, ['a']) }, anyOf: anyOf.slice(0, 3) });
    expect(String(few.description).length).toBeLessThan(1_000);
  });

  it('names each type once', () => {
    const type = Array<string>(5_000).fill('string');
    expect(schemaForModel(object({ a: { type: [...type, 'null'] } })).properties).toEqual({
      a: { type: ['string', 'null'] },
    });
  });

  it('ends, whatever it is given', () => {
    let deep: JsonSchema = text;
    for (let i = 0; i < 5_000; i += 1) deep = object({ deep });
    expect(schemaForModel(deep)).toMatchObject({ type: 'object' });
    const fans = Array.from({ length: 40 }, (_, i) => {
      const next = { $ref: `#/$defs/f${i + 1}` };
      return [`f${i}`, { allOf: [next, next] }];
    });
    const tangle = { $ref: '#/$defs/f0', $defs: Object.fromEntries(fans) as JsonSchema };
    expect(() => schemaForModel(tangle)).toThrow('too complex');
    const odd = { properties: 7, required: 'a', allOf: {}, $ref: 3, $defs: [], items: null };
    expect(schemaForModel(odd as never)).toEqual({ type: 'object', properties: {} });
  });
});
