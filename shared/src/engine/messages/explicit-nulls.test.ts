import { describe, expect, it } from 'vitest';
import { withoutExplicitNulls } from './explicit-nulls.ts';
import { schemaForModel } from '../tools/model-schema.ts';
import type { JsonSchema } from '../tools/schema-dialect.ts';

const text = { type: 'string' };
const object = (properties: JsonSchema, required: string[] = []) => ({
  type: 'object',
  properties,
  required,
});
const drop = (args: Record<string, unknown>, schema: JsonSchema) =>
  withoutExplicitNulls(args, schemaForModel(schema));

describe('an explicit null', () => {
  it('for an optional property is dropped', () => {
    const schema = object({ city: text, unit: { enum: ['C', 'F'] }, fixed: { const: 1 } }, ['city']);
    expect(drop({ city: 'Paris', unit: null, fixed: null }, schema)).toEqual({ city: 'Paris' });
  });

  it('is dropped inside objects, lists and references too', () => {
    const schema: JsonSchema = {
      ...object({
        filter: { $ref: '#/$defs/filter' },
        rows: { type: 'array', items: { $ref: '#/$defs/filter' } },
        pair: { type: 'array', prefixItems: [text, { $ref: '#/$defs/filter' }] },
      }),
      $defs: { filter: object({ name: text, deeper: object({ name: text }) }) },
    };
    const given = { name: 'x', deeper: { name: null } };
    const bare = { name: 'x', deeper: {} };
    expect(drop({ filter: given, rows: [given, { name: null }], pair: ['a', given] }, schema)).toEqual({
      filter: bare,
      rows: [bare, {}],
      pair: ['a', bare],
    });
  });

  it('of a set of arguments that was not chosen is dropped', () => {
    const schema = { type: 'object', oneOf: [object({ a: text }, ['a']), object({ b: text }, ['b'])] };
    expect(drop({ a: 'x', b: null }, schema)).toEqual({ a: 'x' });
  });

  it.each([
    ['the schema allows it by type', { type: ['string', 'null'] }],
    ['one of the choices is null', { anyOf: [text, { type: 'null' }] }],
    ['a reference allows it', { $ref: '#/$defs/maybe' }],
    ['it is one of the values', { enum: ['open', null] }],
    ['anything is allowed', {}],
  ])('stays where %s', (_, assignee) => {
    const schema = { ...object({ assignee }), $defs: { maybe: { type: ['string', 'null'] } } };
    expect(drop({ assignee: null }, schema)).toEqual({ assignee: null });
  });

  it('stays for a required property, and for one that the schema does not name', () => {
    expect(drop({ city: null, other: null }, object({ city: text }, ['city']))).toEqual({
      city: null,
      other: null,
    });
  });

  it('in a list stays: its place may matter', () => {
    expect(drop({ rows: ['a', null] }, object({ rows: { type: 'array', items: text } }))).toEqual({
      rows: ['a', null],
    });
  });

  it('is dropped in the values of a map too', () => {
    const schema = object({ byName: { type: 'object', additionalProperties: object({ unit: text }) } });
    expect(drop({ byName: { a: { unit: null }, b: null } }, schema)).toEqual({ byName: { a: {}, b: null } });
  });

  it('in a schema that refers to itself is dropped at each depth', () => {
    const node = object({ name: text, child: { $ref: '#/$defs/node' } });
    const schema = { $ref: '#/$defs/node', $defs: { node } };
    expect(drop({ name: null, child: { name: null, child: { name: 'x' } } }, schema)).toEqual({
      child: { child: { name: 'x' } },
    });
  });
});
