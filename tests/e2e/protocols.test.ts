import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startScriptedServer, type ScriptedRequest } from '../../shared/test/support/scripted-server.ts';
import { newPerson, type Person } from '../support/person.ts';
import { addServer, invoke } from '../support/rest-api.ts';
import { hasStack } from '../support/running-stack.ts';

describe.runIf(hasStack)('a server', { timeout: 60_000 }, () => {
  let user: Person;
  const closing: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    user = await newPerson('protocols');
  });
  afterAll(() => Promise.all(closing.map((close) => close())));

  async function stored(name: string, script: (request: ScriptedRequest) => boolean) {
    const server = await startScriptedServer(script);
    closing.push(() => server.stop());
    return { server, id: await addServer(user, { name, url: server.url }) };
  }

  async function rowOf(id: string) {
    const { data } = await user.client
      .from('mcp_servers')
      .select('connection_status, protocol_era, protocol_version, catalog_note')
      .eq('id', id)
      .single()
      .throwOnError();
    return data as Record<string, unknown>;
  }

  it('that fails at the first question and knows an older version is used', async () => {
    const { server, id } = await stored('older', ({ what, params, send, error }) => {
      if (what === 'server/discover') send(500, 'oops');
      else if (what === 'initialize' && params['protocolVersion'] !== '2025-06-18')
        send(400, error(-32_602, 'Unsupported protocol version', { supported: ['2025-06-18'] }));
      else return false;
      return true;
    });
    const draft = { url: server.url, auth_method: 'none' };
    expect((await invoke(user, 'test-connection', draft)).body).toMatchObject({
      ok: true,
      protocol_version: '2025-06-18',
    });
    expect((await invoke(user, 'discover-tools', { server_id: id })).status).toBe(200);
    expect(await rowOf(id)).toMatchObject({ connection_status: 'connected', protocol_version: '2025-06-18' });
    const call = await invoke(user, 'call-tool', { server_id: id, tool: 'echo' });
    expect(call.body).toMatchObject({ ok: true, text: 'echo ran' });
  });

  it('is asked in the protocol that is pinned, and goes with it through export and import', async () => {
    const { server, id } = await stored('pinned', () => false);
    const pin = (protocol_era: string) =>
      user.client.from('mcp_servers').update({ protocol_era }).eq('id', id).throwOnError();
    const test = async () => (await invoke(user, 'test-connection', { server_id: id })).body;
    await pin('stateless');
    expect(await test()).toMatchObject({ ok: false, code: 'unsupported_version' });
    expect(server.seen['initialize']).toBeUndefined();
    await pin('sessions');
    expect(await test()).toMatchObject({ ok: true });
    expect(server.seen['server/discover']).toBe(1);

    const draft = { url: server.url, auth_method: 'none', protocol_era: 'stateless' };
    expect((await invoke(user, 'test-connection', draft)).body).toMatchObject({ ok: false });
    const { data: row } = await user.client.from('mcp_servers').select('workspace_id').eq('id', id).single();
    const workspace = { p_workspace_id: (row as { workspace_id: string }).workspace_id };
    const { data: document } = await user.client.rpc('export_workspace', workspace).throwOnError();
    const servers = (document as { servers: Record<string, unknown>[] }).servers;
    expect(servers.find(({ name }) => name === 'pinned')).toMatchObject({ protocol_era: 'sessions' });
    await pin('auto');
    await user.client
      .rpc('import_workspace', { ...workspace, p_document: document, p_mode: 'merge' })
      .throwOnError();
    expect(await rowOf(id)).toMatchObject({ protocol_era: 'sessions' });
  });

  it('whose list has no end keeps its tools, and the row says so', async () => {
    const { id } = await stored('endless', ({ what, send, result }) => {
      if (what !== 'tools/list') return false;
      send(200, result({ tools: [{ name: 'echo', inputSchema: { type: 'object' } }], nextCursor: 'p2' }));
      return true;
    });
    expect((await invoke(user, 'discover-tools', { server_id: id })).body).toMatchObject({
      added: ['echo'],
      note: expect.stringContaining('does not end') as string,
    });
    expect(await rowOf(id)).toMatchObject({
      catalog_note: expect.stringContaining('does not end') as string,
    });
    const call = await invoke(user, 'call-tool', { server_id: id, tool: 'echo' });
    expect(call.body).toMatchObject({ ok: true, text: 'echo ran' });
  });
});
