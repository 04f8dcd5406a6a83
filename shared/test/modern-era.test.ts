import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { cleanups, connect, outcome } from './support/connect.ts';
import { listen, until } from './support/listen.ts';

describe('the era without sessions', () => {
  async function serveModern(port = 0) {
    const tools = new Set(['echo']);
    const ran: string[] = [];
    const handler = createMcpHandler(() => {
      const server = new McpServer({ name: 'modern', version: '1.0.0' });
      for (const name of tools) {
        server.registerTool(
          name,
          { description: name, inputSchema: z.object({ text: z.string() }) },
          ({ text }) => {
            ran.push(name);
            return { content: [{ type: 'text', text: `${name}: ${text}` }] };
          },
        );
      }
      return server;
    });
    const http = await listen((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        void (async () => {
          const answer = await handler.fetch(
            new Request(`http://127.0.0.1${request.url}`, {
              method: request.method ?? 'GET',
              headers: request.headers as Record<string, string>,
              ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
            }),
          );
          response.writeHead(answer.status, Object.fromEntries(answer.headers));
          response.flushHeaders();
          for await (const chunk of answer.body ?? []) response.write(chunk);
          response.end();
        })().catch(() => response.destroy());
      });
    }, port);
    cleanups.push(() => http.stop());
    return { ...http, tools, ran, notify: handler.notify };
  }

  it('is found out, listed, called, and tells of new tools', async () => {
    const server = await serveModern();
    const { connection, catalogs, ready } = connect(server);
    expect(await outcome(connection.call('echo', { text: 'hi' }))).toBe('echo: hi');
    await ready();
    expect(connection.facts).toMatchObject({ era: 'modern', protocolVersion: '2026-07-28' });
    server.tools.add('more');
    await until(() => {
      server.notify.toolsChanged();
      return catalogs.length === 2;
    }, 'the new catalog');
    expect(catalogs[1]).toEqual(['echo', 'more']);
  });

  it('is found again after a restart', async () => {
    const first = await serveModern();
    const { connection, ready } = connect(first);
    await ready();
    await first.stop();
    await until(() => connection.state.name === 'waiting', 'the connection to notice');
    await serveModern(first.port);
    await ready();
    expect(await outcome(connection.call('echo', { text: 'again' }))).toBe('echo: again');
  });
});
