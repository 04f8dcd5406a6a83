import { expect, it } from 'vitest';
import { formSchema } from './form-schema.ts';

it('leaves out patterns, but no property of that name and no value', () => {
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

it('refuses what nobody could fill in', () => {
  let schema: Record<string, unknown> = { type: 'string' };
  for (let depth = 0; depth < 40; depth++) schema = { type: 'object', properties: { a: schema } };
  expect(() => formSchema(schema)).toThrow(RangeError);
});
