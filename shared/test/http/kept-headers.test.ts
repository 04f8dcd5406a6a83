/** What a server wants back with each request: cookies and session ids. */
import { describe, expect, it } from 'vitest';
import { connect, outcome, serveScript } from '../support/connect.ts';
import { SESSION_ID } from '../support/scripted-server.ts';

describe('what a server wants back with each request', () => {
  it('is the cookie of its load balancer, for one session', async () => {
    let machine = 0;
    const server = await serveScript(({ what, http, send, result }) => {
      if (what === 'server/discover') return false;
      if (what === 'initialize') {
        machine += 1;
        const hello = { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'x', version: '1' } }; // prettier-ignore
        send(200, result(hello), {
          'mcp-session-id': SESSION_ID,
          'set-cookie': [`route=m${machine}; Path=/; HttpOnly`, 'other=1; Path=/elsewhere'],
        });
        return true;
      }
      if (http.headers.cookie === `route=m${machine}`) return false;
      send(404, 'Session not found');
      return true;
    });
    const { connection, ready } = connect(server);
    await ready();
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
    await connection.close();
    expect(server.headers('DELETE').map(({ cookie }) => cookie)).toEqual(['route=m1']);
    const second = connect(server);
    await second.ready();
    // Another session begins without the cookies of the first.
    expect(server.headers('initialize').map(({ cookie }) => cookie)).toEqual([undefined, undefined]);
  });

  it.each([
    ['changes', { 'mcp-session-id': 'session-0001' }],
    ['sends late', {}],
  ])('is a session id that it %s', async (_what, first) => {
    const server = await serveScript(({ what, http, send, result, error }) => {
      if (what === 'initialize') {
        const hello = { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'x', version: '1' } }; // prettier-ignore
        send(200, result(hello), first);
        return true;
      }
      if (what === 'tools/list') {
        send(200, result({ tools: [{ name: 'echo', inputSchema: { type: 'object' } }] }), { 'mcp-session-id': 'session-0002' }); // prettier-ignore
        return true;
      }
      if (what !== 'tools/call' || http.headers['mcp-session-id'] === 'session-0002') return false;
      send(404, error(-32_000, 'Session not found'));
      return true;
    });
    const { connection, ready } = connect(server);
    await ready();
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
    await connection.close();
    expect([server.seen.initialize, server.seen['tools/call']]).toEqual([1, 1]);
    expect(server.headers('DELETE').map((headers) => headers['mcp-session-id'])).toEqual(['session-0002']);
  });
});
