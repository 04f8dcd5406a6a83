import { describe, expect, it } from 'vitest';
import { argumentRejection, isArgumentRejection, withoutPaths } from './argument-rejection.ts';

const ZOD = JSON.stringify([
  { code: 'invalid_type', expected: 'number', path: ['limit'], message: 'Expected number, received string' },
  { code: 'invalid_type', expected: 'string', path: ['filter', 'name'], message: 'Required' },
]);
const PYDANTIC = `Error executing tool search: 1 validation error for searchArguments
limit
  Input should be a valid integer, unable to parse string as an integer [type=int_parsing, input_value='x', input_type=str]
    For further information visit https://errors.pydantic.dev/2.11/v/int_parsing`;

describe('withoutPaths and isArgumentRejection', () => {
  it.each([
    [
      `MCP error -32602: Invalid arguments for tool search: ${ZOD}`,
      '"limit": Expected number, received string; "filter.name": Required',
    ],
    [
      PYDANTIC,
      'Error executing tool search: 1 validation error for searchArguments limit Input should be a valid integer, unable to parse string as an integer',
    ],
    ['data/limit must be integer', '"limit" must be integer'],
    [
      '/filter/0/name must be string, /limit must be integer',
      '"filter.0.name" must be string, "limit" must be integer',
    ],
    ['#/limit: Instance type "string" is invalid.', '"limit": Instance type "string" is invalid.'],
    ['Failed at #/properties/limit/type of the schema', 'Failed at "limit" of the schema'],
    [
      'params.arguments.limit should be a number; $.rows[0].id is missing',
      '"limit" should be a number; "rows.0.id" is missing',
    ],
    [
      '#: Instance does not have required property "query".',
      'Instance does not have required property "query".',
    ],
    [
      'The folder /home/user/notes does not exist, see https://example.com/a/b: it',
      'The folder /home/user/notes does not exist, see https://example.com/a/b: it',
    ],
  ])('replace paths by the names of arguments in %j', (message, expected) => {
    expect(withoutPaths(message)).toBe(expected);
  });

  it.each([
    `MCP error -32602: Input validation error: Invalid arguments for tool search: ${ZOD}`,
    PYDANTIC,
    ZOD,
    "search() got an unexpected keyword argument 'color'",
    'data must have required property "query"',
  ])('recognize a rejection of arguments: %j', (text) => {
    expect(isArgumentRejection(text)).toBe(true);
  });

  it.each([
    'The notebook is full.',
    'Not found: 404',
    'The argument was long and bitter.',
    'Invalid password.',
  ])('recognize no rejection of arguments: %j', (text) => {
    expect(isArgumentRejection(text)).toBe(false);
  });
});

it('argumentRejection says how the model should react', () => {
  expect(argumentRejection('search', 'The argument "limit" must be a whole number')).toBe(
    'The call to search was rejected because of its arguments. <data>The argument "limit" must be a whole number.</data> Correct them and call the tool again, or ask the user for what is missing; do not read this out loud.',
  );
});
