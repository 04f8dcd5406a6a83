import { expect, it } from 'vitest';
import { formSchema } from './form-schema.ts';

it('omits patterns, but keeps properties of that name and values', () => {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: {
      pattern: { type: 'string', pattern: '(a+)+$', default: { pattern: 'x' } },
      list: { type: 'array', items: { type: 'string', format: 'email' } },
    },
    required: ['pattern'],
  };
  expect(formSchema(schema)).toEqual({
    type: 'object',
    properties: {
      pattern: { type: 'string', default: { pattern: 'x' } },
      list: { type: 'array', items: { type: 'string' } },
    },
    required: ['pattern'],
  });
});

it('rejects schemas that are too deep for a form', () => {
  let schema: Record<string, unknown> = { type: 'string' };
  for (let depth = 0; depth < 40; depth++) schema = { type: 'object', properties: { a: schema } };
  expect(() => formSchema(schema)).toThrow(RangeError);
});

it.each(['allOf', 'anyOf'])('rejects references of %s that expand to millions of others', (keyword) => {
  const next = (level: number) => [{ $ref: `#/$defs/d${level + 1}` }, { $ref: `#/$defs/d${level + 1}` }];
  const $defs = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`d${n}`, { [keyword]: next(n) }]));
  const schema = { type: 'object', properties: { a: { $ref: '#/$defs/d0' } }, $defs };
  expect(() => formSchema(schema)).toThrow(RangeError);
});

it('rejects a default value that is nested too deeply', () => {
  const schema = {
    properties: { a: { default: JSON.parse(`${'['.repeat(50)}${']'.repeat(50)}`) as unknown } },
  };
  expect(() => formSchema(schema)).toThrow(RangeError);
});

it('accepts a schema that refers to itself', () => {
  const node = {
    type: 'object',
    properties: { children: { type: 'array', items: { $ref: '#/$defs/node' } } },
  };
  const schema = { type: 'object', properties: { tree: { $ref: '#/$defs/node' } }, $defs: { node } };
  expect(formSchema(schema)).toEqual(schema);
});
