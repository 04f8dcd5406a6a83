import { describe, expect, it } from 'vitest';
import { classifyRejection } from './rejection.ts';

const INVALID = { type: 'invalid_request_error' };

describe('classifyRejection', () => {
  it.each([
    [
      'the name of one tool',
      {
        ...INVALID,
        code: 'invalid_value',
        message: "Invalid 'session.tools[3].name'.",
        param: 'session.tools[3].name',
      },
      { cause: 'definition', toolIndex: 3 },
    ],
    [
      'the schema of one tool that has a property called tokens',
      {
        ...INVALID,
        message: "Invalid schema: 'max tokens' is not a type.",
        param: 'session.tools[0].parameters',
      },
      { cause: 'definition', toolIndex: 0 },
    ],
    [
      'the schema of a tool that it names in words only',
      {
        ...INVALID,
        code: 'invalid_function_parameters',
        message: "Invalid schema for function 'tokens': schema must be a JSON Schema of 'type: \"object\"'.",
        param: 'session.tools',
      },
      { cause: 'definition', toolIndex: null },
    ],
    [
      'more than 128 tools',
      {
        ...INVALID,
        code: 'array_above_max_length',
        message:
          "Invalid 'session.tools': array too long. Expected an array with maximum length 128, but got 129.",
        param: 'session.tools',
      },
      { cause: 'too_many_tools', toolIndex: null },
    ],
    [
      'more than 16,384 tokens',
      {
        ...INVALID,
        code: 'invalid_value',
        message:
          'Instructions and tools are too long. Expected at most 16384 tokens, but got 17000 tokens instead.',
        param: 'session',
      },
      { cause: 'too_many_tokens', toolIndex: null },
    ],
    [
      'trouble of its own',
      { type: 'server_error', message: 'Try again.' },
      { cause: 'temporary', toolIndex: null },
    ],
    [
      'a rate limit that is counted in tokens',
      {
        type: 'tokens',
        code: 'rate_limit_exceeded',
        message: 'Rate limit reached: 40000 tokens per minute.',
      },
      { cause: 'temporary', toolIndex: null },
    ],
    ['something else', { ...INVALID, message: 'No.', param: null }, { cause: 'unknown', toolIndex: null }],
  ])('sorts an error about %s', (_, error, expected) => {
    expect(classifyRejection(error)).toEqual({ ...expected, message: error.message });
  });
});
