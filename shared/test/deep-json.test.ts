/** JSON that is nested 200,000 deep, wherever a server can put it: JSON.parse takes it, and little else does. */
import { expect, it } from 'vitest';
import { probe } from '../src/engine/probe/probe.ts';
import { connect, outcome, serveScript } from './support/connect.ts';
import type { ScriptedRequest } from './support/scripted-server.ts';

const nested = (levels: number) => `${'{"a":['.repeat(levels / 2)}${']}'.repeat(levels / 2)}`;
const DEEP = nested(200_000);

/** A server that writes the answers to some methods as text, with `DEEP` in the place of "deep". */
const serve = (answers: Record<string, Record<string, unknown>>, isStream: boolean, deep = DEEP) =>
  serveScript(({ what, result, send }: ScriptedRequest) => {
    const answer = answers[what];
    if (!answer) return false;
    const body = JSON.stringify(result(answer)).replaceAll('"deep"', deep);
    if (isStream) send(200, `data: ${body}\n\n`, { 'content-type': 'text/event-stream' });
    else send(200, body);
    return true;
  });

const HELLO = { protocolVersion: '2025-06-18', capabilities: { tools: {} } };

it.each([true, false])(
  'costs the tool in whose schema it is, and nothing else (as a stream: %s)',
  async (isStream) => {
    const tools = [
      { name: 'bomb', inputSchema: { type: 'object', properties: { x: 'deep' } } },
      { name: 'output', inputSchema: { type: 'object' }, outputSchema: { x: 'deep' } },
      { name: 'echo', inputSchema: { type: 'object' }, _meta: 'deep', annotations: { x: 'deep' } },
      { noName: 'deep' },
    ];
    const serverInfo = { name: 'deep', version: '1', icons: 'deep', more: 'deep' };
    const server = await serve(
      {
        initialize: {
          ...HELLO,
          serverInfo,
          _meta: 'deep',
          capabilities: { tools: {}, experimental: { x: 'deep' } },
        },
        'tools/list': { tools, _meta: 'deep' },
      },
      isStream,
      // Several times 200,000 values in one message are refused for the memory that they take.
      nested(20_000),
    );
    const found = await probe(
      { url: server.url, transport: 'auto', credential: { method: 'none' } },
      { policy: 'local' },
    );
    expect(found).toMatchObject({
      ok: true,
      tools: [{ name: 'echo' }],
      skipped: [
        { name: 'bomb', reason: 'The tool is nested too deeply.' },
        { name: 'output', reason: 'The tool is nested too deeply.' },
        { name: '', reason: 'The tool has no name.' },
      ],
    });
    expect(() => JSON.stringify(found)).not.toThrow();
  },
);

it.each([
  ['structured content', { content: [{ type: 'text', text: 'done' }], structuredContent: { x: 'deep' } }],
  [
    'structured content that is a list',
    { content: [{ type: 'text', text: 'done' }], structuredContent: ['deep'] },
  ],
  ['metadata', { content: [{ type: 'text', text: 'done', _meta: { x: 'deep' } }], _meta: { x: 'deep' } }],
  [
    'an unknown block',
    {
      content: [
        { type: 'text', text: 'done' },
        { type: 'odd', x: 'deep' },
      ],
    },
  ],
  ['no content at all', { done: 'deep' }],
])('in a result is cut off: %s', async (_what, result) => {
  // prettier-ignore
  const server = await serve({ 'tools/call': result }, false);
  const { connection, ready } = connect(server);
  await ready();
  const answer = await connection.call('echo', {});
  expect(answer.text).toContain('done');
  expect(() => JSON.stringify(answer)).not.toThrow();
});

it('in arguments is refused before anything is sent', async () => {
  const server = await serve({}, false);
  const { connection, ready } = connect(server);
  await ready();
  expect(await outcome(connection.call('echo', JSON.parse(DEEP) as Record<string, unknown>))).toBe(
    'invalid_arguments',
  );
  expect(server.seen['tools/call']).toBeUndefined();
});
