import type { RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { probe, type ProbeOptions } from '../src/engine/probe/probe.ts';
import type { Credential } from '../src/engine/session/target.ts';
import { listen } from './support/listen.ts';
import { startSessionServer } from './support/session-server.ts';
import { startStatelessServer } from './support/stateless-server.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const test = (
  url: string,
  options: Partial<ProbeOptions> = {},
  credential: Credential = { method: 'none' },
) => probe({ url, transport: 'auto', credential }, { policy: 'local', timeoutMs: 8_000, ...options });

async function answering(handler: RequestListener): Promise<string> {
  const server = await listen(handler);
  cleanups.push(() => server.stop());
  return server.url;
}

it('tells what a good server is and offers, with the time of each phase', async () => {
  const server = await startSessionServer();
  cleanups.push(() => server.stop());
  server.tools.push({ name: 'broken', inputSchema: 7 });
  const begun: string[] = [];
  const result = await test(server.url, { onPhase: (phase) => begun.push(phase) });
  expect(result).toMatchObject({
    ok: true,
    server_info: { name: 'fixture' },
    capabilities: { tools: { listChanged: true } },
    tools: [{ name: 'echo' }, { name: 'hang' }],
    skipped: [{ name: 'broken' }],
  });
  expect(begun).toEqual(['address', 'connect', 'authenticate', 'initialize', 'list_tools']);
  expect(result.phases.map(({ phase }) => phase)).toEqual(begun);
  // It leaves nothing behind.
  expect(server.goodbyes).toBe(1);
});

it.each([
  ['sessions', startSessionServer],
  ['2026', startStatelessServer],
] as const)('opens no notification stream at a server of the era of %s', async (_era, start) => {
  const seen: string[] = [];
  const server = await start({
    intercept: ({ method }, _response, message) => {
      seen.push(`${method} ${message.method ?? ''}`);
      return false;
    },
  });
  cleanups.push(() => server.stop());
  expect(await test(server.url)).toMatchObject({ ok: true });
  expect(seen).toContain('POST tools/list');
  expect(seen.filter((what) => what.startsWith('GET') || what.includes('listen'))).toEqual([]);
});

describe('a bad address', () => {
  it.each([
    ['nonsense', 'invalid_url'],
    ['ftp://example.com', 'invalid_url'],
    ['http://no-such-host.invalid/mcp', 'dns_failed'],
  ])('%s fails in its phase as %s', async (url, code) => {
    expect(await test(url)).toMatchObject({ ok: false, phase: 'address', code });
  });

  it('is not even dialled when it is not public', async () => {
    const server = await startSessionServer();
    cleanups.push(() => server.stop());
    const blocked = { ok: false, phase: 'address', code: 'blocked_address' };
    expect(await test(server.url, { policy: 'public' })).toMatchObject(blocked);
    expect(await test('https://localhost/mcp', { policy: 'public' })).toMatchObject(blocked);
    expect(server.sessions).toBe(0);
  });
});

describe('a server that cannot be connected', () => {
  it('refuses', async () => {
    const { url, stop } = await listen(() => {});
    await stop();
    expect(await test(url)).toMatchObject({ ok: false, phase: 'connect', code: 'connection_refused' });
  });

  it('is at a port that browsers would not even dial', async () => {
    // Nothing listens there; a server of the test cannot take a port below 1024.
    const url = 'http://127.0.0.1:9/mcp';
    expect(await test(url)).toMatchObject({ ok: false, phase: 'connect', code: 'connection_refused' });
  });

  it('has no TLS where it should', async () => {
    const url = await answering((_request, response) => response.end());
    expect(await test(url.replace('http:', 'https:'))).toMatchObject({
      phase: 'connect',
      code: 'tls_failed',
    });
  });

  it('does not speak HTTP', async () => {
    const server = createTcpServer((socket) => socket.resume().end('220 mail.example.com ESMTP\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as AddressInfo;
    expect(await test(`http://127.0.0.1:${port}/`)).toMatchObject({
      phase: 'connect',
      code: 'protocol_error',
    });
  });

  it('hangs: the test ends at its timeout', async () => {
    const url = await answering(() => {});
    const startedAt = performance.now();
    expect(await test(url, { timeoutMs: 200 })).toMatchObject({
      ok: false,
      phase: 'connect',
      code: 'timeout',
    });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  it('is left alone when the test is cancelled', async () => {
    const url = await answering(() => {});
    const signal = AbortSignal.timeout(50);
    expect(await test(url, { signal, timeoutMs: 5_000 })).toMatchObject({ ok: false, phase: 'connect' });
  });
});

describe('a server that is no MCP server', () => {
  const reply =
    (status: number, type: string, body: string): RequestListener =>
    (_request, response) =>
      response.writeHead(status, { 'content-type': type }).end(body);

  it.each<[string, RequestListener, string]>([
    ['serves a page', reply(200, 'text/html', '<html>'), 'not_mcp'],
    ['serves pages by GET only', reply(405, 'text/html', ''), 'request_rejected'],
    ['has nothing there', reply(404, 'text/html', '<html>'), 'not_found'],
    ['fails', reply(500, 'text/plain', 'oops'), 'server_error'],
    ['is overloaded', reply(503, 'text/plain', 'later'), 'server_error'],
    ['limits us', reply(429, 'text/plain', 'slow down'), 'rate_limited'],
    ['answers JSON that is no JSON-RPC', reply(200, 'application/json', '{"hello":1}'), 'protocol_error'],
    ['answers garbage', reply(200, 'application/json', '\u0001\u0002{{{'), 'protocol_error'],
    ['answers an empty stream', reply(200, 'text/event-stream', ''), 'connection_lost'],
  ])('%s', async (_what, handler, code) => {
    const result = await test(await answering(handler));
    expect(result).toMatchObject({ ok: false, code, phase: 'initialize' });
    expect(result.ok === false && result.message && result.hint).toBeTruthy();
  });

  it.each([
    ['says so', true],
    ['does not', false],
  ])('sends 100 MB and %s: reading stops early', async (_what, isDeclared) => {
    const chunk = Buffer.alloc(64 * 1024, ' ');
    const total = 1_600 * chunk.length;
    let sent = 0;
    const url = await answering((_request, response) => {
      response.writeHead(200, {
        'content-type': 'application/json',
        ...(isDeclared && { 'content-length': String(total) }),
      });
      const write = () => {
        while (sent < total && !response.destroyed) {
          sent += chunk.length;
          if (!response.write(chunk)) {
            response.once('drain', write);
            return;
          }
        }
      };
      write();
    });
    expect(await test(url, { timeoutMs: 5_000 })).toMatchObject({ ok: false, code: 'response_too_large' });
    expect(sent).toBeLessThan(total / 2);
  });
});

it('names the list when only that hangs', async () => {
  const server = await startSessionServer({ isPlain: true });
  cleanups.push(() => server.stop());
  server.beforeList = () => new Promise(() => {});
  expect(await test(server.url, { timeoutMs: 2_000 })).toMatchObject({
    ok: false,
    phase: 'list_tools',
    code: 'timeout',
  });
});
