/** The old HTTP+SSE behind proxies, which hide where its messages go. */
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { probe } from '../src/engine/probe/probe.ts';
import { connect, outcome, serveScript } from './support/connect.ts';
import { until } from './support/listen.ts';
import { openStream } from './support/scripted-server.ts';

/** How a server takes a message; true when that is the answer to it. */
type Accept = (response: ServerResponse, answer: string) => boolean;
const ACCEPTANCES = {
  'HTTP 202': (response) => (response.writeHead(202).end(), false),
  'HTTP 200 without a body': (response) => (response.writeHead(200).end(), false),
  'HTTP 200 and a word': (response) => (response.writeHead(200).end('ok'), false),
  'HTTP 204': (response) => (response.writeHead(204).end(), false),
  'the answer itself': (response, answer) => (response.writeHead(200).end(answer), true),
} satisfies Record<string, Accept>;

describe('an old SSE endpoint', () => {
  /** An old server at `/team/sse`, whose messages go to `taken`, while it names `named`. */
  async function serveOld(named: string, taken: string, accept: Accept = ACCEPTANCES['HTTP 202']) {
    let stream: ServerResponse | undefined;
    const server = await serveScript(({ what, http, response, id, params }) => {
      if (what === 'GET') {
        openStream((stream = response));
        response.write(`event: endpoint\ndata: ${named}\n\n`);
        return true;
      }
      if (http.url?.split('?')[0] !== taken) {
        response.writeHead(404).end('{}');
        return true;
      }
      const results: Record<string, unknown> = {
        initialize: {
          protocolVersion: '2024-11-05',
          capabilities: { tools: {} },
          serverInfo: { name: 'old', version: '1' },
        },
        'tools/list': { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] },
        'tools/call': { content: [{ type: 'text', text: `${String(params.name)} ran` }] },
      };
      const answer = JSON.stringify({ jsonrpc: '2.0', id, result: results[what] ?? {} });
      const isAnswered = accept(response, answer);
      if (id !== undefined && !isAnswered) stream?.write(`data: ${answer}\n\n`);
      return true;
    });
    return server.url.replace('/mcp', '/team/sse');
  }

  it.each(['auto', 'sse'] as const)(
    'without the prefix of its proxy is found under it (transport %s)',
    async (transport) => {
      const url = await serveOld('/messages?sessionId=1', '/team/messages');
      const { connection } = connect({ url }, { transport });
      expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
      await until(() => connection.state.name === 'ready', 'the tools');
    },
  );

  it.each(Object.entries(ACCEPTANCES))('may take messages with %s', async (_what, accept) => {
    const url = await serveOld('/messages', '/messages', accept);
    const { connection, ready } = connect({ url }, { transport: 'sse' });
    await ready();
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
  });

  it.each(['http://[', 'javascript:alert(1)'])(
    'that is no web address (%s) is said to be none',
    async (named) => {
      const url = await serveOld(named, '/messages');
      expect(
        await probe({ url, transport: 'sse', credential: { method: 'none' } }, { policy: 'local' }),
      ).toMatchObject({
        ok: false,
        code: 'protocol_error',
        message: expect.stringContaining('not a valid web address') as string,
      });
    },
  );

  it.each(['auto', 'sse'] as const)('on another host is named (transport %s)', async (transport) => {
    const url = await serveOld('http://localhost:5409/messages?sessionId=1', '/team/messages');
    const result = await probe(
      { url, transport, credential: { method: 'none' } },
      { policy: 'local', timeoutMs: 5_000 },
    );
    expect(result).toMatchObject({
      ok: false,
      message: expect.stringContaining('http://localhost:5409/messages instead of') as string,
    });
  });

  it.each(['auto', 'sse'] as const)(
    'that nobody takes messages at is named (transport %s)',
    async (transport) => {
      const url = await serveOld('/messages?sessionId=1', '/elsewhere');
      const result = await probe(
        { url, transport, credential: { method: 'none' } },
        { policy: 'local', timeoutMs: 5_000 },
      );
      expect(result).toMatchObject({
        ok: false,
        code: 'not_found',
        message: expect.stringContaining('/team/messages') as string,
      });
    },
  );
});
