import { specTypeSchemas } from '@modelcontextprotocol/client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizeResult, RAW_STRUCTURED_KEY } from './normalize-result.ts';

const MODERN = { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } };
const text = { type: 'text', text: 'fine' };

/** Whether the SDK takes it. */
const isValid = (result: unknown) => {
  const checked = specTypeSchemas.InitializeResult['~standard'].validate(result);
  return !(checked instanceof Promise) && checked.issues === undefined;
};
const call = (result: unknown, params: unknown = {}) =>
  normalizeResult(result, { method: 'tools/call', params });

describe('the result of initialize', () => {
  const good = {
    protocolVersion: '2025-06-18',
    capabilities: { tools: { listChanged: false } },
    serverInfo: { name: 'x', version: '1' },
  };
  const initialize = (changes: object, params: unknown = { protocolVersion: '2025-11-25' }) =>
    normalizeResult({ ...good, ...changes }, { method: 'initialize', params });

  it.each<[string, object, object]>([
    ['null instructions', { instructions: null }, good],
    ['a null title', { serverInfo: { ...good.serverInfo, title: null, icons: null } }, good],
    [
      'null capabilities among others',
      { capabilities: { tools: {}, prompts: null, logging: false } },
      { ...good, capabilities: { tools: {} } },
    ],
    [
      'a capability that is true',
      { capabilities: { tools: true } },
      { ...good, capabilities: { tools: {} } },
    ],
    [
      'a capability that is an empty list',
      { capabilities: { tools: [] } },
      { ...good, capabilities: { tools: {} } },
    ],
    [
      'a null flag',
      { capabilities: { tools: { listChanged: null } } },
      { ...good, capabilities: { tools: {} } },
    ],
    [
      'a flag as text',
      { capabilities: { tools: { listChanged: 'true' } } },
      { ...good, capabilities: { tools: { listChanged: true } } },
    ],
    [
      'an experiment that is true',
      { capabilities: { tools: {}, experimental: { x: true, y: null } } },
      { ...good, capabilities: { tools: {}, experimental: { x: {} } } },
    ],
    ['null capabilities', { capabilities: null }, { ...good, capabilities: {} }],
    ['capabilities that are an empty list', { capabilities: [] }, { ...good, capabilities: {} }],
    [
      'no version of the server',
      { serverInfo: { name: 'x' } },
      { ...good, serverInfo: { name: 'x', version: '' } },
    ],
    ['a version that is a number', { serverInfo: { name: 'x', version: 1 } }, good],
    ['no name', { serverInfo: { version: '1' } }, { ...good, serverInfo: { name: '', version: '1' } }],
    ['no server info', { serverInfo: undefined }, { ...good, serverInfo: { name: '', version: '' } }],
    ['server info that is a name', { serverInfo: 'x' }, { ...good, serverInfo: { name: 'x', version: '' } }],
    [
      'an icon without an address',
      { serverInfo: { ...good.serverInfo, icons: [{ src: null }, { src: 'a', sizes: null }] } },
      { ...good, serverInfo: { ...good.serverInfo, icons: [{ src: 'a' }] } },
    ],
    ['no protocol version', { protocolVersion: undefined }, { ...good, protocolVersion: '2025-11-25' }],
    ['an empty protocol version', { protocolVersion: ' ' }, { ...good, protocolVersion: '2025-11-25' }],
    ['spaces around the version', { protocolVersion: ' 2025-06-18 ' }, good],
    ['the version in a list', { protocolVersion: ['2025-06-18'] }, good],
    ['a null protocol version', { protocolVersion: null }, { ...good, protocolVersion: '2025-11-25' }],
    ['null metadata', { _meta: null }, good],
    ['an empty list as metadata', { _meta: [] }, good],
    [
      'bad metadata of the specification',
      { _meta: { progressToken: null, mine: null } },
      { ...good, _meta: { mine: null } },
    ],
  ])('is mended when it has %s', (_what, changes, expected) => {
    const result = initialize(changes);
    expect(result).toEqual(expected);
    expect(isValid(result)).toBe(true);
  });

  it.each([{}, { ok: true }, [], 'hello', null])('is not made up from %j', (raw) => {
    expect(normalizeResult(raw, { method: 'initialize', params: {} })).toEqual(raw);
  });
});

describe('the result of server/discover', () => {
  it('is mended, but not made up for a server that does not know it', () => {
    const discover = (raw: unknown) => normalizeResult(raw, { method: 'server/discover', params: MODERN });
    expect(
      discover({ supportedVersions: ['2026-07-28', null], capabilities: null, instructions: null }),
    ).toEqual({
      supportedVersions: ['2026-07-28'],
      capabilities: {},
      resultType: 'complete',
    });
    expect(discover({ capabilities: {} })).toEqual({ capabilities: {} });
  });
});

describe('the result of tools/list', () => {
  const list = (raw: unknown, params: unknown = {}) => normalizeResult(raw, { method: 'tools/list', params });
  const tool = { name: 'a', inputSchema: { type: 'object' } };

  it.each<[string, unknown, object]>([
    ['no tools', {}, { tools: [] }],
    ['null tools', { tools: null, nextCursor: null }, { tools: [] }],
    ['a null result', null, { tools: [] }],
    ['the tools alone', [tool], { tools: [tool] }],
    ['one tool that is no list', { tools: tool }, { tools: [tool] }],
    ['tools by name', { tools: { a: { inputSchema: tool.inputSchema } } }, { tools: [tool] }],
    ['a null cursor', { tools: [tool], nextCursor: null }, { tools: [tool] }],
    ['a number as cursor', { tools: [tool], nextCursor: 2 }, { tools: [tool], nextCursor: '2' }],
  ])('is mended when it has %s', (_what, raw, expected) => {
    expect(list(raw)).toEqual(expected);
  });

  it('has what the era without sessions asks of each list', () => {
    expect(list({ tools: [], ttlMs: null }, MODERN)).toEqual({
      tools: [],
      ttlMs: 0,
      cacheScope: 'private',
      resultType: 'complete',
    });
    expect(list({ tools: [], ttlMs: 5, cacheScope: 'public', resultType: 'complete' }, MODERN)).toMatchObject(
      {
        ttlMs: 5,
        cacheScope: 'public',
      },
    );
  });
});

describe('the result of tools/call', () => {
  it.each<[string, unknown, object]>([
    [
      'null content',
      { content: null, structuredContent: { a: 1 } },
      { content: [], structuredContent: { a: 1 } },
    ],
    ['null structured content', { content: [text], structuredContent: null }, { content: [text] }],
    ['a null mark of an error', { content: [text], isError: null }, { content: [text] }],
    ['a mark of an error as text', { content: [text], isError: 'true' }, { content: [text], isError: true }],
    ['null metadata', { content: [text], _meta: null }, { content: [text] }],
    ['content that is a text', { content: 'fine' }, { content: [text] }],
    ['a list in the list', { content: [[text, text]] }, { content: [text, text] }],
    ['content that is one block', { content: text }, { content: [text] }],
    [
      'texts in place of blocks',
      { content: ['fine', null, 7] },
      { content: [text, { type: 'text', text: '7' }] },
    ],
    ['a result that is a text', 'fine', { content: [text] }],
    ['a result that is a list', [text], { content: [text] }],
    ['a result that is one block', { ...text }, { ...text, content: [text] }],
    ['a null result', null, { content: [] }],
    [
      'the field of 2024',
      { toolResult: { a: 1 } },
      { toolResult: { a: 1 }, content: [{ type: 'text', text: '{"a":1}' }] },
    ],
    [
      'data in place of content',
      { temperature: 21, unit: null },
      { temperature: 21, unit: null, content: [{ type: 'text', text: '{"temperature":21}' }] },
    ],
  ])('is mended when it has %s', (_what, raw, expected) => {
    expect(call(raw)).toEqual(expected);
  });

  it('keeps structured content that is no object where the SDK does not see it', () => {
    expect(call({ content: [], structuredContent: [1, null] })).toEqual({
      content: [],
      _meta: { [RAW_STRUCTURED_KEY]: [1, null] },
    });
  });

  it('counts as complete without a type, and as a question when it asks one', () => {
    expect(call({ content: [text] }, MODERN)).toMatchObject({ resultType: 'complete' });
    const asks = { inputRequests: { a: { method: 'elicitation/create', params: {} } } };
    expect(call(asks, MODERN)).toEqual({ ...asks, resultType: 'input_required' });
    expect(call({ ...asks, resultType: 'input_required' }, MODERN)).toEqual({
      ...asks,
      resultType: 'input_required',
    });
  });

  it('never has its structured content touched', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (structuredContent) => {
        const result = call({ content: [], structuredContent }) as { structuredContent: unknown };
        expect(result.structuredContent).toBe(structuredContent);
      }),
    );
  });
});

it('a ping is answered by whatever comes', () => {
  for (const raw of [{ status: 'ok' }, null, 'pong', []])
    expect(normalizeResult(raw, { method: 'ping' })).toEqual({});
});
