import { describe, expect, it } from 'vitest';
import { readCatalog } from './catalog.ts';

const good = { name: 'echo', description: 'Says it again.', inputSchema: { type: 'object', properties: {} } };

describe('a tool', () => {
  const read = async (changes: object) => (await readCatalog([{ ...good, ...changes }], () => null)).tools[0];

  it.each<[string, object, object]>([
    ['a null input schema', { inputSchema: null }, { input_schema: { type: 'object', properties: {} } }],
    ['no input schema', { inputSchema: undefined }, { input_schema: { type: 'object', properties: {} } }],
    ['true as input schema', { inputSchema: true }, { input_schema: { type: 'object', properties: {} } }],
    [
      'an empty list as input schema',
      { inputSchema: [] },
      { input_schema: { type: 'object', properties: {} } },
    ],
    ['a null type', { inputSchema: { type: null } }, { input_schema: { type: 'object' } }],
    ['a list of types', { inputSchema: { type: ['object', 'null'] } }, { input_schema: { type: 'object' } }],
    ['its type in capitals', { inputSchema: { type: 'OBJECT' } }, { input_schema: { type: 'object' } }],
    [
      'null keywords',
      {
        inputSchema: {
          type: 'object',
          required: null,
          properties: { a: { type: 'string', title: null, default: null, enum: ['x', null] }, b: null },
        },
      },
      {
        input_schema: {
          type: 'object',
          properties: { a: { type: 'string', default: null, enum: ['x', null] }, b: {} },
        },
      },
    ],
    [
      'a null that belongs to an extension',
      { inputSchema: { type: 'object', 'x-mine': null } },
      { input_schema: { type: 'object', 'x-mine': null } },
    ],
    [
      'an empty list as properties',
      { inputSchema: { type: 'object', properties: [] } },
      { input_schema: { type: 'object', properties: {} } },
    ],
    [
      'the schema under another name',
      { inputSchema: undefined, input_schema: { type: 'object', properties: { a: {} } } },
      { input_schema: { type: 'object', properties: { a: {} } } },
    ],
    [
      'one bad hint among good ones',
      {
        annotations: {
          title: null,
          readOnlyHint: true,
          destructiveHint: null,
          idempotentHint: 'maybe',
          mine: 7,
        },
      },
      { annotations: { readOnlyHint: true, mine: 7 } },
    ],
    [
      'hints as text, which count where they only warn',
      {
        annotations: {
          readOnlyHint: 'true',
          idempotentHint: 1,
          destructiveHint: 'True',
          openWorldHint: 'False',
        },
      },
      { annotations: { destructiveHint: true, openWorldHint: false } },
    ],
    ['an empty list of hints', { annotations: [], title: null, description: null, outputSchema: null }, {}],
  ])('with %s is read', async (_what, changes, expected) => {
    const {
      name,
      description,
      input_schema,
      fingerprint: print,
    } = { description: undefined, ...(await read(changes)) };
    expect(await read(changes)).toEqual({
      name,
      input_schema,
      fingerprint: print,
      ...('description' in changes ? {} : { description }),
      ...expected,
    });
    expect(name).toBe('echo');
  });
});
