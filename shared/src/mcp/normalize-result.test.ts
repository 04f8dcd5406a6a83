import { specTypeSchemas } from '@modelcontextprotocol/client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizeResult, RAW_STRUCTURED_KEY } from './normalize-result.ts';

const MODERN = { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } };
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const text = { type: 'text', text: 'fine' };

/** Whether the SDK takes it. */
const isValid = (type: 'InitializeResult' | 'ContentBlock', value: unknown) => {
  const checked = specTypeSchemas[type]['~standard'].validate(value);
  return !(checked instanceof Promise) && checked.issues === undefined;
};
const call = (result: unknown, params: unknown = {}) =>
  normalizeResult(result, { method: 'tools/call', params });
const content = (...blocks: unknown[]) => (call({ content: blocks }) as { content: unknown[] }).content;

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
    expect(isValid('InitializeResult', result)).toBe(true);
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
    ['an empty cursor', { tools: [tool], nextCursor: '' }, { tools: [tool] }],
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

describe('a content block', () => {
  it.each<[string, unknown, object]>([
    [
      'of an unknown kind',
      { type: 'json', json: { a: 1 } },
      { type: 'text', text: '{"type":"json","json":{"a":1}}' },
    ],
    ['without a kind', { text: 'fine' }, text],
    ['with its kind in capitals', { type: 'Text', text: 'fine' }, text],
    ['with an object as text', { type: 'text', text: { a: 1 } }, { type: 'text', text: '{"a":1}' }],
    ['with null hints', { ...text, annotations: null, _meta: null }, text],
    [
      'with a priority out of range',
      { ...text, annotations: { priority: 5, audience: ['user'] } },
      { ...text, annotations: { audience: ['user'] } },
    ],
    [
      'with a bad date',
      { ...text, annotations: { lastModified: 'today', priority: 1 } },
      { ...text, annotations: { priority: 1 } },
    ],
    [
      'with an audience that is a word',
      { ...text, annotations: { audience: 'user' } },
      { ...text, annotations: { audience: ['user'] } },
    ],
    [
      'with an unknown audience',
      { ...text, annotations: { audience: ['robot', 'user', null] } },
      { ...text, annotations: { audience: ['user'] } },
    ],
    [
      'that is a picture without a MIME type',
      { type: 'image', data: PNG },
      { type: 'image', data: PNG, mimeType: 'image/png' },
    ],
    [
      'that is a picture with a null MIME type',
      { type: 'image', data: PNG, mimeType: null },
      { type: 'image', data: PNG, mimeType: 'image/png' },
    ],
    [
      'that is a picture of an unknown kind',
      { type: 'image', data: 'AAAA' },
      { type: 'image', data: 'AAAA', mimeType: 'application/octet-stream' },
    ],
    [
      'that is a picture as a data URI',
      { type: 'image', data: `data:image/webp;base64,${PNG}` },
      { type: 'image', data: PNG, mimeType: 'image/webp' },
    ],
    [
      'that is a picture as models get it',
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
      { type: 'image', data: PNG, mimeType: 'image/png' },
    ],
    [
      'that is a sound without a MIME type',
      { type: 'audio', data: btoa('RIFF\0\0\0\0WAVEfmt ') },
      { type: 'audio', data: btoa('RIFF\0\0\0\0WAVEfmt '), mimeType: 'audio/wav' },
    ],
    [
      'in base64 for addresses',
      { type: 'image', data: '_-8', mimeType: 'image/png' },
      { type: 'image', data: '/+8=', mimeType: 'image/png' },
    ],
    [
      'that is a picture that cannot be read',
      { type: 'image', data: '%%' },
      { type: 'text', text: '{"type":"image","data":"%%"}' },
    ],
    [
      'that is a resource with a null MIME type',
      { type: 'resource', resource: { uri: 'a.txt', mimeType: null, text: 'x' } },
      { type: 'resource', resource: { uri: 'a.txt', text: 'x' } },
    ],
    [
      'that is a resource without an address',
      { type: 'resource', resource: { text: 'x' } },
      { type: 'resource', resource: { uri: '', text: 'x' } },
    ],
    [
      'that is a resource without the object around it',
      { type: 'resource', uri: 'a', text: 'x' },
      { type: 'resource', resource: { uri: 'a', text: 'x' } },
    ],
    [
      'that is a resource with a blob that is none',
      { type: 'resource', resource: { uri: 'a', blob: 'not base64!' } },
      { type: 'resource', resource: { uri: 'a', text: 'not base64!' } },
    ],
    [
      'that is a resource without content',
      { type: 'resource', resource: { uri: 'file:///a/b.txt' } },
      { type: 'resource_link', uri: 'file:///a/b.txt', name: 'b.txt' },
    ],
    [
      'that is a link without a name',
      { type: 'resource_link', uri: 'https://example.com/x' },
      { type: 'resource_link', uri: 'https://example.com/x', name: 'x' },
    ],
    [
      'that is a link with nulls',
      { type: 'resource_link', uri: 'a', name: 'A', title: null, description: null, size: null, icons: null },
      { type: 'resource_link', uri: 'a', name: 'A' },
    ],
  ])('%s is read, and costs no other', (_what, raw, expected) => {
    expect(content(raw, text)).toEqual([expected, text]);
    expect(isValid('ContentBlock', expected)).toBe(true);
  });

  it('without content is left out', () => {
    expect(content({ type: 'text', text: null }, null, '', text)).toEqual([text]);
  });

  it('of any JSON is one that the SDK takes', () => {
    const key = fc.constantFrom(
      'type',
      'text',
      'data',
      'mimeType',
      'resource',
      'uri',
      'name',
      'annotations',
      '_meta',
      'blob',
      'source',
    );
    const value = fc.oneof(
      fc.constantFrom('text', 'image', 'audio', 'resource', 'resource_link', 'AAAA'),
      fc.jsonValue(),
      fc.dictionary(
        fc.constantFrom('uri', 'text', 'blob', 'audience', 'priority', 'lastModified', 'data'),
        fc.jsonValue(),
      ),
    );
    fc.assert(
      fc.property(fc.array(fc.dictionary(key, value)), (blocks) => {
        for (const block of content(...blocks)) {
          expect(isValid('ContentBlock', block), JSON.stringify(block)).toBe(true);
        }
      }),
    );
  });
});

it('a ping is answered by whatever comes', () => {
  for (const raw of [{ status: 'ok' }, null, 'pong', []])
    expect(normalizeResult(raw, { method: 'ping' })).toEqual({});
});
