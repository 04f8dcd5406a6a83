import { describe, expect, it } from 'vitest';
import { parameterHeaderFault } from './parameter-headers.ts';

const withParameter = (a: Record<string, unknown>) => ({ type: 'object', properties: { a } });
const header = (value: unknown, type: unknown = 'string') => ({ type, 'x-mcp-header': value });

describe('an x-mcp-header is valid', () => {
  it.each([
    ['on a string', withParameter(header('Region'))],
    ['on an integer', withParameter(header('Count', 'integer'))],
    ['on a boolean', withParameter(header('Dry-Run', 'boolean'))],
    ['with every character of a token', withParameter(header("!#$%&'*+-.^_`|~09AZaz"))],
    ['on a property of a property', withParameter({ type: 'object', properties: { b: header('Inner') } })],
    [
      'beside one with another name',
      { type: 'object', properties: { a: header('A'), b: header('B'), c: { type: 'string' } } },
    ],
    [
      'when it only looks like one: a property of that name',
      { type: 'object', properties: { 'x-mcp-header': { type: 'object', properties: {} } } },
    ],
    [
      'when it only looks like one: a value',
      withParameter({ type: 'object', default: { 'x-mcp-header': 7 }, enum: [{ 'x-mcp-header': '' }] }),
    ],
  ])('%s', (_what, schema) => {
    expect(parameterHeaderFault(schema)).toBeNull();
  });
});

describe('an x-mcp-header is invalid', () => {
  it.each([
    ['not a string', withParameter(header(7))],
    ['null', withParameter(header(null))],
    ['a list', withParameter(header(['Region']))],
    ['empty', withParameter(header(''))],
    ['with a space', withParameter(header('Has Space'))],
    ['with a line break', withParameter(header('A\r\nX-Evil: 1'))],
    ['with a colon', withParameter(header('A:B'))],
    ['with a letter beyond ASCII', withParameter(header('Größe'))],
    ['on a number', withParameter(header('N', 'number'))],
    ['on an object', withParameter(header('O', 'object'))],
    ['on an array', withParameter(header('L', 'array'))],
    ['on null', withParameter(header('N', 'null'))],
    ['without a type', withParameter({ 'x-mcp-header': 'N' })],
    ['on several types', withParameter(header('N', ['string', 'null']))],
    ['twice', { type: 'object', properties: { a: header('A'), b: header('A') } }],
    ['twice but for the case', { type: 'object', properties: { a: header('region'), b: header('REGION') } }],
    [
      'twice at different depths',
      {
        type: 'object',
        properties: { a: header('A'), b: { type: 'object', properties: { c: header('a') } } },
      },
    ],
    ['on the schema itself', { type: 'object', 'x-mcp-header': 'Root' }],
    ['in the items of a list', withParameter({ type: 'array', items: header('Item') })],
    ['in the items of a list, each its own', withParameter({ type: 'array', prefixItems: [header('Item')] })],
    ['in a choice', { type: 'object', oneOf: [withParameter(header('A'))] }],
    ['in a negation', { type: 'object', not: withParameter(header('A')) }],
    ['in a condition', { type: 'object', if: {}, then: withParameter(header('A')) }],
    ['in a definition', { type: 'object', $defs: { region: header('Region') } }],
    ['in a definition as drafts before named them', { type: 'object', definitions: { r: header('R') } }],
    ['in what other properties are like', { type: 'object', additionalProperties: header('A') }],
    [
      'in what properties of a pattern are like',
      { type: 'object', patternProperties: { '^a': header('A') } },
    ],
    ['in a dependency', { type: 'object', dependentSchemas: { a: withParameter(header('A')) } }],
    ['in a dependency as drafts before wrote it', { type: 'object', dependencies: { a: header('A') } }],
  ])('%s', (_what, schema) => {
    expect(parameterHeaderFault(schema)).toMatch(/x-mcp-header.*\.$/s);
  });

  it('is reported in short, whatever the server named its parameter', () => {
    const schema = { type: 'object', properties: { ['x'.repeat(100_000)]: header('') } };
    expect(parameterHeaderFault(schema)?.length).toBeLessThan(200);
  });
});
