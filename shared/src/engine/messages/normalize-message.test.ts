import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizeMessage } from './normalize-message.ts';

const request = { id: 3, method: 'tools/call', params: { name: 'echo' } };
const text = { content: [{ type: 'text', text: 'fine' }] };
const METHODS = ['initialize', 'server/discover', 'tools/list', 'tools/call', 'ping', 'subscriptions/listen'];

describe('the envelope of a message', () => {
  it.each<[string, object]>([
    ['no jsonrpc', { id: 3, result: text }],
    ['another version', { jsonrpc: 2, id: 3, result: text }],
    ['an id written as text', { jsonrpc: '2.0', id: '3', result: text }],
    ['no id', { jsonrpc: '2.0', result: text }],
    ['a null id', { jsonrpc: '2.0', id: null, result: text }],
    ['a null error beside the result', { jsonrpc: '2.0', id: 3, result: text, error: null }],
    ['an empty error beside the result', { jsonrpc: '2.0', id: 3, result: text, error: {} }],
    [
      'nulls in an error beside it',
      { jsonrpc: '2.0', id: 3, result: text, error: { code: null, data: null } },
    ],
    [
      'an error that was not filled in',
      { jsonrpc: '2.0', id: 3, result: text, error: { code: 0, message: '' } },
    ],
    ['fields that nobody knows', { jsonrpc: '2.0', id: 3, result: text, method: 'tools/call', time: 7 }],
  ])('of a result is mended when it has %s', (_what, raw) => {
    expect(normalizeMessage(raw, request)).toEqual({ jsonrpc: '2.0', id: 3, result: text });
  });

  it.each<[string, unknown, object]>([
    ['a null result beside it', { code: -32_602, message: 'bad' }, { code: -32_602, message: 'bad' }],
    ['null data', { code: -1, message: 'bad', data: null }, { code: -1, message: 'bad' }],
    ['a code written as text', { code: '-32602', message: 'bad' }, { code: -32_602, message: 'bad' }],
    ['no code', { message: 'bad' }, { code: -32_603, message: 'bad' }],
    ['a null message', { code: 5, message: null }, { code: 5, message: '' }],
    ['its reason in the data', { code: 5, data: 'why' }, { code: 5, message: 'why', data: 'why' }],
    ['an object as message', { code: 5, message: { a: 1 } }, { code: 5, message: '{"a":1}' }],
    ['words only', 'bad', { code: -32_603, message: 'bad' }],
  ])('of an error is mended when it has %s', (_what, error, expected) => {
    const raw = { jsonrpc: '2.0', id: 3, result: null, error };
    expect(normalizeMessage(raw, request)).toEqual({ jsonrpc: '2.0', id: 3, error: expected });
  });

  it('keeps an id that belongs to another request, and has none where nothing was asked', () => {
    expect(normalizeMessage({ jsonrpc: '2.0', id: 4, result: {} }, request)).toMatchObject({ id: 4 });
    const error = { jsonrpc: '2.0', id: null, error: { code: 1, message: 'bad' } };
    expect(normalizeMessage(error, null)).not.toHaveProperty('id');
  });

  it('of notices and questions is mended, too', () => {
    const progress = { progressToken: 1, progress: '0.5', total: null, message: null, _meta: null };
    expect(
      normalizeMessage(
        { jsonrpc: '2.0', id: null, method: 'notifications/progress', params: progress },
        null,
      ),
    ).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/progress',
      params: { progressToken: 1, progress: 0.5 },
    });
    expect(normalizeMessage({ jsonrpc: '2.0', id: 1, method: 'ping', params: null }, null)).toEqual({
      jsonrpc: '2.0',
      id: 1,
      method: 'ping',
    });
    const field = { type: 'string', title: null, default: null };
    const form = {
      message: 'Which?',
      mode: null,
      requestedSchema: { type: 'object', properties: { a: field }, required: null },
    };
    expect(
      normalizeMessage({ jsonrpc: '2.0', id: 1, method: 'elicitation/create', params: form }, null),
    ).toMatchObject({
      params: {
        message: 'Which?',
        requestedSchema: { type: 'object', properties: { a: { type: 'string' } } },
      },
    });
  });

  it('is the same object when nothing had to change', () => {
    const response = { jsonrpc: '2.0', id: 3, result: text };
    const notice = {
      jsonrpc: '2.0',
      method: 'notifications/progress',
      params: { progress: 1, progressToken: 1 },
    };
    expect(normalizeMessage(response, request)).toBe(response);
    expect(normalizeMessage(notice, null)).toBe(notice);
  });

  it.each([
    { status: 'ok' },
    { error: 'Not found' },
    { result: { protocolVersion: 'x' } },
    { method: 'GET' },
    'text',
    7,
    null,
    [[[]]],
  ])('is not made up for %j, which is no message', (raw) => {
    expect(normalizeMessage(raw, request)).toEqual(raw);
  });
});

describe('any JSON', () => {
  const message = fc.oneof(
    fc.jsonValue(),
    fc.record(
      {
        jsonrpc: fc.constantFrom('2.0', null, 1),
        id: fc.jsonValue({ maxDepth: 1 }),
        method: fc.oneof(fc.constantFrom(...METHODS), fc.jsonValue({ maxDepth: 1 })),
        params: fc.jsonValue(),
        result: fc.oneof(
          fc.jsonValue(),
          fc.record(
            {
              content: fc.oneof(
                fc.jsonValue(),
                fc.array(
                  fc.dictionary(
                    fc.constantFrom('type', 'text', 'data', 'resource', 'uri', 'annotations'),
                    fc.oneof(fc.constantFrom('text', 'image', 'resource', 'resource_link'), fc.jsonValue()),
                  ),
                ),
              ),
              structuredContent: fc.jsonValue(),
              capabilities: fc.jsonValue(),
              serverInfo: fc.jsonValue(),
              protocolVersion: fc.jsonValue(),
              tools: fc.jsonValue(),
              nextCursor: fc.jsonValue(),
              _meta: fc.jsonValue(),
            },
            { requiredKeys: [] },
          ),
        ),
        error: fc.jsonValue(),
      },
      { requiredKeys: [] },
    ),
  );
  const asked = fc.option(
    fc.record({ id: fc.constantFrom(3, 'x'), method: fc.constantFrom(...METHODS), params: fc.jsonValue() }),
  );

  it('is read without an exception, is not changed itself, and comes out the same the second time', () => {
    fc.assert(
      fc.property(message, asked, (raw, sent) => {
        const before = JSON.stringify(raw);
        const once = normalizeMessage(raw, sent);
        expect(JSON.stringify(raw)).toBe(before);
        expect(normalizeMessage(once, sent)).toEqual(once);
      }),
    );
  });
});
