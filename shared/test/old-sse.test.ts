/** The old HTTP+SSE behind proxies, which hide where its messages go. */
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { probe } from '../src/mcp/probe.ts';
import { connect, outcome } from './connect.ts';
import { until } from './listen.ts';
import { openStream, serveScript } from './scripted-server.ts';

describe('an old SSE endpoint', () => {
  /** An old server at `/team/sse`, whose messages go to `taken`, while it names `named`. */
  async function serveOld(named: string, taken: string) {
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
      response.writeHead(202).end();
      const results: Record<string, unknown> = {
        initialize: {
          protocolVersion: '2024-11-05',
          capabilities: { tools: {} },
          serverInfo: { name: 'old', version: '1' },
        },
        'tools/list': { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] },
        'tools/call': { content: [{ type: 'text', text: `${String(params.name)} ran` }] },
      };
      if (id !== undefined)
        stream?.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result: results[what] ?? {} })}\n\n`);
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

  it.each(['auto', 'sse'] as const)('on another host is named (transport %s)', async (transport) => {
    const url = await serveOld('http://localhost:5409/messages?sessionId=1', '/team/messages');
    const result = await probe(
      { url, transport, credential: { method: 'none' } },
      { policy: 'local', timeoutMs: 5_000 },
    );
    expect(result).toMatchObject({
      ok: false,
      message: expect.stringContaining('http://localhost:5409/messages,') as string,
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
