/** Messages with nulls, gaps and odd blocks, over real HTTP: each is understood, and none costs a server or a call. */
import { describe, expect, it } from 'vitest';
import { probe } from '../src/engine/probe/probe.ts';
import type { CallResult } from '../src/engine/calls/result.ts';
import { connect, serveScript } from './support/connect.ts';
import type { ScriptedRequest } from './support/scripted-server.ts';

type Answer = (request: ScriptedRequest) => unknown;
type Envelope = Record<string, unknown>;

/** A server whose answers to one method are written by the test, each as JSON or as an event stream. */
async function serve(method: string, answer: Answer, isStream = false) {
  const server = await serveScript((request) => {
    if (request.what !== method) return false;
    const body = JSON.stringify(answer(request));
    if (isStream) request.send(200, `data: ${body}\n\n`, { 'content-type': 'text/event-stream' });
    else request.send(200, body);
    return true;
  });
  return server;
}

async function test(method: string, answer: Answer) {
  const server = await serve(method, answer);
  const target = { url: server.url, transport: 'auto', credential: { method: 'none' } } as const;
  return probe(target, { policy: 'local' });
}

const HELLO = {
  protocolVersion: '2025-06-18',
  capabilities: { tools: {} },
  serverInfo: { name: 'odd', version: '1' },
};

describe('a handshake', () => {
  it.each<[string, object]>([
    ['null instructions', { instructions: null }],
    ['a null title', { serverInfo: { ...HELLO.serverInfo, title: null } }],
    ['a null capability', { capabilities: { tools: {}, prompts: null } }],
    ['a null flag', { capabilities: { tools: { listChanged: null } } }],
    ['capabilities as empty lists', { capabilities: { tools: [], logging: [] } }],
    ['an experiment that is true', { capabilities: { tools: {}, experimental: { x: true } } }],
    ['no version of the server', { serverInfo: { name: 'odd' } }],
    ['no server info', { serverInfo: undefined }],
    ['a null protocol version', { protocolVersion: null }],
    ['null metadata', { _meta: null }],
  ])('with %s connects', async (_what, changes) => {
    const found = await test('initialize', ({ result }) => result({ ...HELLO, ...changes }));
    expect(found).toMatchObject({ ok: true, tools: [{ name: 'echo' }, { name: 'other' }] });
  });

  it.each<[string, (envelope: Envelope) => Envelope]>([
    ['a null error', (envelope) => ({ ...envelope, error: null })],
    ['an id as text', (envelope) => ({ ...envelope, id: String(envelope.id) })],
    ['a wrong version of JSON-RPC', (envelope) => ({ ...envelope, jsonrpc: '1.0' })],
    ['fields that nobody knows', (envelope) => ({ ...envelope, took: 7 })],
  ])('in an envelope with %s connects', async (_what, change) => {
    const found = await test('initialize', ({ result }) => change(result(HELLO)));
    expect(found).toMatchObject({ ok: true, server_info: HELLO.serverInfo });
  });

  it('is not made up for a web server that answers everything with JSON', async () => {
    const found = await test('initialize', ({ result }) => result({ status: 'ok' }));
    expect(found).toMatchObject({ ok: false, phase: 'initialize' });
  });
});

describe('a list', () => {
  it('with nulls keeps each tool, and each hint', async () => {
    const found = await test('tools/list', ({ result }) =>
      result({
        tools: [
          {
            name: 'search',
            title: null,
            description: null,
            inputSchema: { type: 'object', required: null, properties: null },
            annotations: { title: null, readOnlyHint: true, destructiveHint: null },
            outputSchema: null,
          },
          { name: 'bare', inputSchema: null },
        ],
        nextCursor: null,
        _meta: null,
      }));
    expect(found).toMatchObject({
      ok: true,
      skipped: [],
      tools: [
        { name: 'search', input_schema: { type: 'object' }, annotations: { readOnlyHint: true } },
        { name: 'bare', input_schema: { type: 'object', properties: {} } },
      ],
    });
  });
});

const TEXT = { type: 'text', text: 'fine' };
const FOR_USER = { type: 'text', text: 'only for you', annotations: { audience: ['user'] } };
const PNG = `iVBORw0KGgo${'A'.repeat(40_000)}`;

describe.each([false, true])('the result of a call (on a stream: %s)', (isStream) => {
  async function call(answer: Answer): Promise<CallResult> {
    const server = await serve('tools/call', answer, isStream);
    const { connection, ready } = connect(server);
    await ready();
    const result = await connection.call('echo', {});
    expect(server.seen['tools/call']).toBe(1);
    expect(connection.state.name).toBe('ready');
    return result;
  }

  it.each<[string, object, string]>([
    [
      'an unknown block',
      { content: [{ type: 'json', json: { a: 1 } }, TEXT] },
      '{"type":"json","json":{"a":1}}\nfine',
    ],
    ['a null mark of an error', { content: [TEXT], isError: null }, 'fine'],
    ['null structured content', { content: [TEXT], structuredContent: null }, 'fine'],
    ['null hints', { content: [{ ...TEXT, annotations: null }] }, 'fine'],
    ['a priority out of range', { content: [{ ...TEXT, annotations: { priority: 5 } }] }, 'fine'],
    ['null metadata', { content: [TEXT], _meta: null }, 'fine'],
    ['null content', { content: null, structuredContent: { a: 1 } }, '{"a":1}'],
    ['content that is a text', { content: 'fine' }, 'fine'],
    [
      'a null MIME type',
      { content: [{ type: 'resource', resource: { uri: 'a', mimeType: null, text: 'x' } }] },
      'x',
    ],
    [
      'a picture without a MIME type',
      { content: [{ type: 'image', data: PNG }, TEXT] },
      '[picture, image/png]\nfine',
    ],
    [
      'a link without a name',
      { content: [{ type: 'resource_link', uri: 'https://x.example/a' }] },
      '[link: a, https://x.example/a]',
    ],
    [
      'structured content that says more',
      { content: [TEXT], structuredContent: { n: [7] } },
      'fine\n{"n":[7]}',
    ],
    ['structured content that is a list', { content: [], structuredContent: [1, 2] }, '[1,2]'],
    [
      'a picture as text',
      { content: [{ type: 'text', text: `data:image/png;base64,${PNG}` }] },
      '[image/png, 30 KB]',
    ],
    [
      'a picture in its data',
      { content: [], structuredContent: { image_base64: PNG } },
      '{"image_base64":"[image/png, 30 KB]"}',
    ],
    ['a block for the user only', { content: [FOR_USER, TEXT] }, 'fine'],
  ])('with %s is read', async (_what, result, speech) => {
    expect((await call((request) => request.result(result as Envelope))).speech).toBe(speech);
  });

  it('keeps for the page what is for the user only', async () => {
    const { text } = await call(({ result }) => result({ content: [FOR_USER, TEXT] }));
    expect(text).toBe('only for you\nfine');
  });
});

describe('arguments', () => {
  it('lose nulls by the stored schema while the list is not read yet', async () => {
    const given: unknown[] = [];
    const server = await serveScript(({ what, params }) => {
      if (what === 'tools/call') given.push(params.arguments);
      // The list does not come.
      return what === 'tools/list';
    });
    const inputSchema = {
      type: 'object',
      properties: { query: { type: 'string' }, limit: { type: 'integer' } },
    };
    const { connection } = connect(server, { storedTools: [{ name: 'echo', input_schema: inputSchema }] });
    await connection.call('echo', { query: 7, limit: null });
    expect(given).toEqual([{ query: 7 }]);
  });

  it('lose the nulls of optional ones before they are checked and sent', async () => {
    const inputSchema = {
      type: 'object',
      properties: {
        query: { type: 'string' },
        limit: { type: 'integer' },
        tag: { type: 'string', nullable: true },
      },
      required: ['query'],
    };
    const given: unknown[] = [];
    const server = await serveScript(({ what, params, send, result }) => {
      if (what === 'tools/call') given.push(params.arguments);
      if (what === 'tools/list') send(200, result({ tools: [{ name: 'search', inputSchema }] }));
      return what === 'tools/list';
    });
    const { connection, ready } = connect(server);
    await ready();
    await connection.call('search', { query: 'x', limit: null, tag: null });
    expect(given).toEqual([{ query: 'x', tag: null }]);
    await expect(connection.call('search', { query: null, limit: 'ten' })).rejects.toMatchObject({
      code: 'invalid_arguments',
      message:
        'The argument "query" must be text, not null; the argument "limit" must be a whole number, not "ten".',
    });
    expect(given).toHaveLength(1);
  });
});
