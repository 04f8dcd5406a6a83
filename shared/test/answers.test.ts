/** Answers that are readable, though not as the SDK expects them: every message is read, on every way it can come. */
import type { OutgoingHttpHeaders } from 'node:http';
import { describe, expect, it } from 'vitest';
import { connect, outcome, serveScript } from './support/connect.ts';
import { until } from './support/listen.ts';
import { serveCalls } from './support/scripted-calls.ts';
import type { ScriptedRequest } from './support/scripted-server.ts';

const fine = (request: ScriptedRequest) =>
  JSON.stringify(request.result({ content: [{ type: 'text', text: 'fine ä€😀' }] }));

async function callOnce(script: (request: ScriptedRequest) => void) {
  const server = await serveCalls(script);
  const { connection, ready } = connect(server);
  await ready();
  const ended = await outcome(connection.call('echo', {}));
  expect(server.seen['tools/call']).toBe(1);
  return ended;
}

const NOTICE = JSON.stringify({
  jsonrpc: '2.0',
  method: 'notifications/message',
  params: { level: 'info', data: 'x' },
});
const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le');

describe('a response in one piece', () => {
  it.each<[string, OutgoingHttpHeaders, (json: string) => string | Uint8Array]>([
    ['as text/plain', { 'content-type': 'text/plain' }, (json) => json],
    ['as text/html', { 'content-type': 'text/html; charset=utf-8' }, (json) => json],
    ['of a +json type', { 'content-type': 'application/vnd.example+json' }, (json) => json],
    ['with a charset in quotes', { 'content-type': 'application/json; charset="UTF-8"' }, (json) => json],
    ['with a byte order mark', {}, (json) => `\uFEFF${json}`],
    ['between blank lines', {}, (json) => `\r\n\n${json}\n`],
    ['in UTF-16', { 'content-type': 'application/json; charset=utf-16' }, utf16],
    ['in a batch', {}, (json) => `[${NOTICE},${json}]`],
    ['in a batch with a null', {}, (json) => `[null,${json}]`],
    ['in a batch of one', {}, (json) => `[${json}]`],
    ['as an event stream that says it is JSON', {}, (json) => `event: message\ndata: ${json}`],
    [
      'as an event stream that says it is text',
      { 'content-type': 'text/plain' },
      (json) => `data: ${json}\n\n`,
    ],
    ['with the id as text', {}, (json) => json.replace(/"id":(\d+)/, '"id":"$1"')],
    ['without the id', {}, (json) => json.replace(/"id":\d+,/, '')],
  ])('%s', async (_what, headers, write) => {
    expect(await callOnce((request) => request.send(200, write(fine(request)), headers))).toBe('fine ä€😀');
  });

  it('without a content type', async () => {
    expect(await callOnce((request) => request.response.writeHead(200).end(fine(request)))).toBe('fine ä€😀');
  });

  it.each([
    ['nothing', ''],
    ['an empty batch', '[]'],
    ['the response to another request', '{"jsonrpc":"2.0","id":999,"result":{}}'],
    ['other JSON', '{"hello":1}'],
  ])('with %s fails at once, not at its timeout', async (_what, body) => {
    expect(await callOnce(({ send }) => send(200, body))).toBe('protocol_error');
  });
});

describe('a response on an event stream', () => {
  const stream = { 'content-type': 'Text/Event-Stream; charset=utf-8' };

  it.each<[string, (json: string) => string]>([
    ['with CR', (json) => `data: ${json}\r\r`],
    ['with CRLF', (json) => `event: message\r\ndata: ${json}\r\n\r\n`],
    ['with a byte order mark', (json) => `\uFEFFdata: ${json}\n\n`],
    ['without the blank line at its end', (json) => `data: ${json}`],
    ['without a space after the colon', (json) => `data:${json}\n\n`],
    ['over several lines', (json) => json.replaceAll(',', ',\n').replaceAll(/^/gm, 'data: ') + '\n\n'],
    ['in a batch', (json) => `data: [${NOTICE},${json}]\n\n`],
    ['that is plain JSON', (json) => json],
    ['that is formatted JSON', (json) => JSON.stringify(JSON.parse(json), null, 2)],
    ['under another name', (json) => `event: response\ndata: ${json}\n\n`],
    ['after a comment and a notice', (json) => `: hi\n\ndata: ${NOTICE}\n\ndata: ${json}\n\n`],
    ['with the id as text', (json) => `data: ${json.replace(/"id":(\d+)/, '"id":"$1"')}\n\n`],
  ])('%s', async (_what, write) => {
    expect(await callOnce((request) => request.send(200, write(fine(request)), stream))).toBe('fine ä€😀');
  });

  it('with characters that are split between packets', async () => {
    const ended = await callOnce((request) => {
      request.response.writeHead(200, stream).flushHeaders();
      const bytes = Buffer.from(`data: ${fine(request)}\r\n\r\n`);
      const cut = bytes.indexOf('😀') + 2;
      request.response.write(bytes.subarray(0, cut), () => {
        setTimeout(() => request.response.end(bytes.subarray(cut)), 20);
      });
    });
    expect(ended).toBe('fine ä€😀');
  });

  it('that stays open: the response counts as soon as its event ends', async () => {
    const ended = await callOnce((request) => {
      request.response.writeHead(200, stream);
      request.response.write(`data: ${fine(request)}\r\r`);
    });
    expect(ended).toBe('fine ä€😀');
  });

  it('with an error without an id: it is the response to the call', async () => {
    const error = JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32_602, message: 'no' } });
    expect(await callOnce(({ send }) => send(200, `data: ${error}\n\n`, stream))).toBe('invalid_arguments');
  });

  it.each([
    ['an error event in plain words', 'event: error\ndata: Disk full\n\n', 'server_error', 'Disk full'],
    ['an error event in JSON', 'event: error\ndata: {"error":"Disk full"}\n\n', 'server_error', 'Disk full'],
    ['events that are not JSON-RPC', 'data: hello\n\n', 'protocol_error', 'not a JSON-RPC message'],
  ])('that ends after %s: the call fails with that reason', async (_what, body, code, words) => {
    const server = await serveCalls(({ send }) => send(200, body, stream));
    const { connection, ready } = connect(server);
    await ready();
    await expect(connection.call('echo', {})).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words) as string,
    });
  });

  it('after such an event counts all the same', async () => {
    const before = 'event: error\ndata: Disk slow\n\ndata: hello\n\n';
    expect(await callOnce((request) => request.send(200, `${before}data: ${fine(request)}`, stream))).toBe(
      'fine ä€😀',
    );
  });

  it('of one event beyond the limit fails the call by name', async () => {
    const line = `data: ${'x'.repeat(1_000_000)}\n`;
    expect(await callOnce(({ send }) => send(200, line.repeat(9), stream))).toBe('response_too_large');
  });
});

it('hides our key in an error that repeats it, in one piece and on a stream', async () => {
  let isStream = false;
  const server = await serveCalls(({ http, error, send }) => {
    const body = JSON.stringify(error(-32_000, `Unknown key ${String(http.headers['x-key'])}`));
    if (isStream) send(200, `data: ${body}\n\n`, { 'content-type': 'text/event-stream' });
    else send(200, body);
  });
  const credential = { method: 'api_key', header: 'X-Key', secret: 'my-secret-key' } as const;
  const { connection, ready } = connect(server, { credential });
  await ready();
  for (isStream of [false, true])
    await expect(connection.call('echo', {})).rejects.toMatchObject({ said: 'Unknown key [hidden]' });
});

it('reads the events of the old SSE transport in the same way', async () => {
  let events: ScriptedRequest['response'] | undefined;
  const answers: Record<string, Record<string, unknown>> = {
    initialize: {
      protocolVersion: '2024-11-05',
      capabilities: { tools: {} },
      serverInfo: { name: 'old', version: '1' },
    },
    'tools/list': { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] },
    'tools/call': { content: [{ type: 'text', text: 'from the stream' }] },
  };
  const server = await serveScript(({ what, id, result, response }) => {
    if (what === 'GET') {
      events = response.writeHead(200, { 'content-type': 'text/event-stream' });
      events.write('event: endpoint\r\ndata: /messages\r\n\r\n');
      return true;
    }
    response.writeHead(202).end();
    const answer = answers[what];
    if (answer) events?.write(`data: [${JSON.stringify({ ...result(answer), id: String(id) })}]\r\r`);
    return true;
  });
  const { connection } = connect(server, { transport: 'sse' });
  await until(() => connection.state.name === 'ready', 'the tools');
  expect(await outcome(connection.call('echo', {}))).toBe('from the stream');
});
