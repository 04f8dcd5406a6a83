import type { Tool } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHeaderServer } from '../../shared/test/support/header-server.ts';
import { readJson } from '../../shared/test/support/listen.ts';
import { startFaultServer } from '../support/servers/fault-servers.ts';
import { newPerson, type Person } from '../support/person.ts';
import { addServer, invoke, serviceClient } from '../support/rest-api.ts';
import { hasStack } from '../support/running-stack.ts';
import { plainTool, startToolServer } from '../support/servers/tool-server.ts';

describe.runIf(hasStack)('the tools of a server', { timeout: 60_000 }, () => {
  let user: Person;
  const closing: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    user = await newPerson('catalog');
  });
  afterAll(() => Promise.all(closing.map((close) => close())));

  async function stored(tools: readonly Tool[], name: string) {
    const server = await startToolServer(tools);
    closing.push(() => server.close());
    return { server, id: await addServer(user, { name, url: server.url }) };
  }

  async function rowOf(id: string) {
    const { data } = await user.client
      .from('mcp_servers')
      .select('connection_status, error_code, tool_count, tools_over_limit, skipped_tools')
      .eq('id', id)
      .single()
      .throwOnError();
    return data as Record<string, unknown>;
  }

  it('may be too many: the first thousand are stored, and it is said how many are missing', async () => {
    const { id } = await stored(
      Array.from({ length: 1_083 }, (_, place) => plainTool(`tool-${place}`)),
      'many',
    );
    const test = await invoke(user, 'test-connection', { server_id: id });
    expect(test.body).toMatchObject({ ok: true, over_limit: 83 });
    expect((await invoke(user, 'discover-tools', { server_id: id })).body).toMatchObject({ over_limit: 83 });
    expect(await rowOf(id)).toMatchObject({ tool_count: 1_000, tools_over_limit: 83, skipped_tools: [] });
    const last = await user.client.from('mcp_tools').select('name').eq('server_id', id).eq('position', 1_000);
    expect(last.data).toEqual([{ name: 'tool-999' }]);
    expect((await invoke(user, 'call-tool', { server_id: id, tool: 'tool-999' })).body).toMatchObject({
      ok: true,
    });
  });

  it('may be such as cannot be stored: those cost themselves, and no other', async () => {
    const nul = { ...plainTool('nul', 'one \0 and half a pair \ud83d'), title: 'a\0b' };
    const long = plainTool('long', 'x'.repeat(300_000));
    const large = {
      ...plainTool('large'),
      inputSchema: { type: 'object' as const, title: 'y'.repeat(1_100_000) },
    };
    const tools = [nul, long, large, plainTool('bad \0 name'), plainTool('good')];
    const { id } = await stored(tools, 'unstorable');
    const { status, body } = await invoke(user, 'discover-tools', { server_id: id });
    expect([status, body['added']]).toEqual([200, ['good', 'long', 'nul']]);
    const row = await rowOf(id);
    expect(row).toMatchObject({ tool_count: 3, tools_over_limit: 0 });
    expect(row['skipped_tools']).toEqual([
      { name: 'large', reason: 'Its schemas have more than 64 KB.' },
      { name: '', reason: expect.any(String) as string },
    ]);
  });

  it('come from a server that says what cannot be stored of itself: its status is stored all the same', async () => {
    const odd = await startFaultServer((request, response) => {
      void readJson(request).then((message) => {
        const { id, method } = message as { id?: number; method?: string };
        if (method === 'initialize') {
          const result = {
            protocolVersion: '2025-06-18',
            capabilities: { tools: {} },
            serverInfo: { name: 'a\0b', version: '1' },
            instructions: 'half \ud83d of a pair',
          };
          response.setHeader('content-type', 'application/json');
          response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
        } else if (method === 'tools/list') {
          response.setHeader('content-type', 'application/json');
          response.end(JSON.stringify({ jsonrpc: '2.0', id, result: { tools: [plainTool('ping')] } }));
        } else response.writeHead(id === undefined && method ? 202 : 405).end();
      });
    });
    closing.push(() => odd.close());
    const id = await addServer(user, { name: 'odd', url: odd.url });
    expect((await invoke(user, 'discover-tools', { server_id: id })).body).toMatchObject({ added: ['ping'] });
    const { data } = await user.client
      .from('mcp_servers')
      .select('connection_status, server_info, instructions')
      .eq('id', id)
      .single()
      .throwOnError();
    expect(data).toEqual({
      connection_status: 'connected',
      server_info: { name: 'a\uFFFDb', version: '1' },
      instructions: 'half \uFFFD of a pair',
    });
  });

  it('may ask for arguments as headers: a call takes them from what is stored', async () => {
    const server = await startHeaderServer();
    closing.push(() => server.stop());
    const region = (header: unknown) => ({
      type: 'object',
      properties: { region: { type: 'string', 'x-mcp-header': header } },
    });
    server.tools = [
      { name: 'query', inputSchema: region('Region') },
      { name: 'bad', inputSchema: region('Has Space') },
    ];
    const id = await addServer(user, { name: 'headers', url: server.url });
    expect((await invoke(user, 'discover-tools', { server_id: id })).body).toMatchObject({
      added: ['query'],
    });
    expect((await rowOf(id))['skipped_tools']).toMatchObject([{ name: 'bad' }]);
    const call = { server_id: id, tool: 'query', arguments: { region: 'Zürich' } };
    expect((await invoke(user, 'call-tool', call)).body).toMatchObject({ ok: true, text: 'query ran' });
    expect(server.refused).toBe(0);
    expect(server.headers[0]?.['mcp-param-region']).toBe('=?base64?WsO8cmljaA==?=');
  });

  it('show that the server works when one answers, whatever was shown before', async () => {
    const { id } = await stored([plainTool('ping')], 'back');
    await invoke(user, 'discover-tools', { server_id: id });
    const failure = {
      server_id: id,
      config_version: 1,
      observed_at: new Date().toISOString(),
      source: 'session',
      status: 'error',
      error_code: 'timeout',
    };
    await serviceClient()
      .rpc('report_server_status', { p_observations: [failure] })
      .throwOnError();
    expect(await rowOf(id)).toMatchObject({ connection_status: 'error' });
    await invoke(user, 'call-tool', { server_id: id, tool: 'ping' });
    expect(await rowOf(id)).toMatchObject({ connection_status: 'connected', error_code: null });
  });
});
