/** Which protocol version a client and a server settle on, if the server rejects the one offered first. */
import { describe, expect, it } from 'vitest';
import { probe } from '../src/engine/probe/probe.ts';
import type { ServerTarget } from '../src/engine/session/target.ts';
import { connect, outcome, serveScript } from './support/connect.ts';
import type { ScriptedRequest } from './support/scripted-server.ts';

const test = (url: string, changes: Partial<ServerTarget> = {}) =>
  probe({ url, transport: 'auto', credential: { method: 'none' }, ...changes }, { policy: 'local' });

const initialize = (request: ScriptedRequest, version: unknown) =>
  request.result({
    protocolVersion: version,
    capabilities: { tools: {} },
    serverInfo: { name: 'scripted', version: '1' },
  });

describe('a version that the server rejects', () => {
  const known = ['2024-11-05', '2025-03-26'];
  const rejections: Record<string, (request: ScriptedRequest) => void> = {
    'HTTP 400 and a list': ({ send, error }) =>
      send(400, error(-32_602, 'Unsupported protocol version', { supported: known })),
    'HTTP 200 and a list': ({ send, error }) =>
      send(200, error(-32_602, 'Unsupported protocol version', { supported: known })),
    'HTTP 400 and a list under another name': ({ send, error }) =>
      send(400, error(-32_000, 'Bad version', { supportedVersions: known })),
    'a list in the message': ({ send, error }) =>
      send(400, error(-32_000, `Unsupported protocol version (supported: ${known.join(', ')})`)),
    'a list without the word': ({ send, error }) =>
      send(200, error(-32_602, `Only ${known.join(' and ')} are supported`)),
    'a list in the JSON of a framework': ({ send }) =>
      send(400, { detail: `Unsupported MCP version. Supported: ${known.join(', ')}` }),
    text: ({ send }) => send(400, `Unsupported protocol version (supported: ${known.join(', ')})`),
    'no list': ({ send, error }) => send(400, error(-32_602, 'Unsupported protocol version')),
  };

  it.each(Object.keys(rejections))('with %s: the newest that both speak is used', async (name) => {
    const server = await serveScript((request) => {
      if (request.what !== 'initialize') return false;
      const offered = request.params.protocolVersion;
      if (known.includes(String(offered))) request.send(200, initialize(request, offered));
      else rejections[name]?.(request);
      return true;
    });
    expect(await test(server.url)).toMatchObject({ ok: true, protocol_version: '2025-03-26' });
  });

  it('after it agreed to it: the one that it names is used', async () => {
    const server = await serveScript((request) => {
      const { what, http, send, params } = request;
      if (what === 'initialize') send(200, initialize(request, params.protocolVersion));
      else if (http.headers['mcp-protocol-version'] !== '2025-11-25') return false;
      else send(400, 'Unsupported protocol version: 2025-11-25 (supported: 2025-03-26)');
      return true;
    });
    expect(await test(server.url)).toMatchObject({ ok: true, protocol_version: '2025-03-26' });
  });

  it('is offered at once the next time', async () => {
    const offers: unknown[] = [];
    let isLost = false;
    const server = await serveScript((request) => {
      const { what, params, send, error } = request;
      if (what === 'initialize') {
        offers.push(params.protocolVersion);
        if (offers.at(-1) === '2025-03-26') return false;
        send(400, error(-32_602, 'no', { supported: known }));
        return true;
      }
      if (what !== 'tools/call' || isLost) return false;
      isLost = true;
      send(404, { error: 'Session not found' });
      return true;
    });
    const { connection, ready } = connect(server);
    await ready();
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
    expect(offers).toEqual(['2025-11-25', '2025-03-26', '2025-03-26']);
  });

  it('and has none in common with us is named', async () => {
    const server = await serveScript((request) => {
      if (request.what !== 'initialize') return false;
      request.send(400, request.error(-32_602, 'no', { supported: ['2031-01-01', '2030-01-01'] }));
      return true;
    });
    expect(await test(server.url)).toMatchObject({
      ok: false,
      code: 'unsupported_version',
      message: expect.stringContaining('2031-01-01, 2030-01-01') as string,
    });
    expect(server.seen.initialize).toBe(1);
  });

  it('and names only foreign ones when it is discovered: they are named', async () => {
    const server = await serveScript(({ what, send, result, error }) => {
      if (what === 'server/discover')
        send(200, result({ supportedVersions: ['2031-01-01'], capabilities: {} }));
      if (what === 'initialize') send(200, error(-32_601, 'Method not found'));
      return what === 'server/discover' || what === 'initialize';
    });
    expect(await test(server.url)).toMatchObject({
      ok: false,
      code: 'unsupported_version',
      message: expect.stringContaining('MCP 2031-01-01') as string,
    });
    expect(server.seen.initialize).toBe(1);
  });

  it('but answers with one that nobody knows is named, too', async () => {
    const server = await serveScript((request) => {
      if (request.what !== 'initialize') return false;
      request.send(200, initialize(request, '1.0'));
      return true;
    });
    expect(await test(server.url)).toMatchObject({
      ok: false,
      code: 'unsupported_version',
      message: expect.stringContaining('MCP 1.0') as string,
    });
  });
});
