import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { NewApiToken, type TokenScope } from '@patchbay/shared/contract/schema/api-token';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNotes } from '../../local/servers/notes.ts';
import type { LoopbackServer } from '../../local/servers/loopback-server.ts';
import { newPerson, type Person } from '../support/person.ts';
import { invoke, personalWorkspace, serviceClient } from '../support/rest-api.ts';
import { hasStack, runningStack } from '../support/running-stack.ts';

const KEY = 'sk-notes-canary-token';
const ALL: TokenScope[] = ['servers:write', 'servers:test', 'tools:call', 'agents:write'];
type Id = { id: string };

describe.runIf(hasStack)('API tokens', { timeout: 20_000 }, () => {
  let owner: Person;
  let workspaceId: string;
  let notes: LoopbackServer;

  beforeAll(async () => {
    owner = await newPerson('integrator');
    workspaceId = await personalWorkspace(owner);
    notes = await startNotes({ port: 0, apiKey: KEY });
  });
  afterAll(() => notes.close());

  async function makeToken(scopes: TokenScope[], of = owner, workspace = workspaceId) {
    const args = { p_workspace_id: workspace, p_name: scopes.join(' ') || 'reads', p_scopes: scopes };
    const { data, error } = await of.client.rpc('create_api_token', args);
    expect(error).toBeNull();
    return NewApiToken.parse(data);
  }

  /** Tables and RPC go through the function `rest`. */
  function clientWith(token: string): SupabaseClient {
    const { supabase_url, publishable_key } = runningStack();
    return createClient(supabase_url, publishable_key, {
      accessToken: () => Promise.resolve(token),
      global: {
        fetch: (input, init) => {
          const { href } = new URL(input instanceof Request ? input.url : input);
          return fetch(href.replace('/rest/v1/', '/functions/v1/rest/'), init);
        },
      },
    });
  }
  const bearing = (token: string): Person => ({ ...owner, client: clientWith(token) });

  it('one token does what an integration needs: add, credential, test, discover, call, tag, remove', async () => {
    const { token } = await makeToken(ALL);
    const program = bearing(token);
    const server = { name: 'Notes', url: notes.url, auth_method: 'api_key' };
    const added = await program.client.from('mcp_servers').insert(server).select('id, workspace_id').single();
    expect(added.error).toBeNull();
    const { id } = added.data as Id;
    expect(added.data).toMatchObject({ workspace_id: workspaceId });

    const credential = await invoke(program, 'server-credential', { server_id: id, credential: KEY });
    expect(credential).toEqual({ status: 200, body: { has_credential: true } });
    expect((await invoke(program, 'test-connection', { server_id: id })).body).toMatchObject({ ok: true });
    const found = await invoke(program, 'discover-tools', { server_id: id });
    expect(found.status).toBe(200);
    const call = { server_id: id, tool: 'list_notes', arguments: {} };
    expect(await invoke(program, 'call-tool', call)).toMatchObject({ status: 200, body: { ok: true } });

    const tools = await program.client.from('mcp_tools').select('id, name').eq('server_id', id);
    expect(tools.data?.map(({ name }) => name as string)).toContain('list_notes');
    const [first] = tools.data as Id[];
    const off = await program.client
      .from('mcp_tools')
      .update({ is_enabled: false })
      .eq('id', first?.id)
      .select('id');
    expect(off.data).toHaveLength(1);
    await program.client
      .from('mcp_servers')
      .update({ tags: ['wrok'] })
      .eq('id', id);
    const tag = { p_workspace_id: workspaceId, p_tag: 'wrok', p_new_tag: 'work' };
    expect((await program.client.rpc('rename_tag', tag)).data).toEqual({ changed: 1, left: 0 });
    const agent = await program.client
      .from('agent_configs')
      .insert({ name: 'By token' })
      .select('id')
      .single();
    expect(agent.error).toBeNull();
    expect((await program.client.from('mcp_servers').delete().eq('id', id).select('id')).data).toHaveLength(
      1,
    );

    const trail = await owner.client.from('audit_events').select('actor_id, token_name').eq('row_id', id);
    expect(trail.data?.length).toBeGreaterThan(3);
    const { name } = (await owner.client.from('api_tokens').select('name').single<{ name: string }>()).data!;
    for (const event of trail.data!) expect(event).toEqual({ actor_id: owner.id, token_name: name });
    const listed = await owner.client.from('api_tokens').select('name, last_used_at').single();
    expect(listed.data?.last_used_at).not.toBeNull();
  });

  it('a token without a write scope can only read, and the error names the missing scope', async () => {
    const { token } = await makeToken([]);
    const program = bearing(token);
    const { data: servers, error } = await program.client.from('mcp_servers').select('id');
    expect([servers, error]).toEqual([[], null]);
    const refused = await program.client.from('mcp_servers').insert({ name: 'No', url: notes.url });
    expect(refused.status).toBe(403);
    expect(refused.error).toMatchObject({
      code: 'scope_missing',
      message: expect.stringContaining('servers:write'),
    });
    const draft = { url: notes.url };
    expect(await invoke(program, 'test-connection', draft)).toMatchObject({
      status: 403,
      body: { code: 'scope_missing', scope: 'servers:test' },
    });
    // No scope opens these.
    for (const table of [
      'audit_events',
      'api_tokens',
      'workspace_invitations',
      'tool_calls',
      'voice_sessions',
    ]) {
      const closed = await program.client.from(table).select();
      expect([closed.status, closed.data], table).toEqual([403, null]);
    }
    const inside = await program.client.from('mcp_servers').select('*, workspaces(audit_events(*))');
    expect(inside.error).not.toBeNull();
    const { token: strong } = await makeToken(ALL);
    expect((await clientWith(strong).rpc('delete_account')).status).toBe(403);
    expect((await invoke(bearing(strong), 'voice-token', {})).status).toBe(401);
  });

  it('knows its own workspace alone, though its maker is in another', async () => {
    const opened = await owner.client.from('workspaces').insert({ name: 'Other' }).select('id').single<Id>();
    const other = opened.data?.id ?? '';
    const hidden = { name: 'Hidden', url: notes.url, workspace_id: other };
    const { data: server } = await owner.client.from('mcp_servers').insert(hidden).select('id').single<Id>();
    const program = bearing((await makeToken(ALL)).token);
    expect((await program.client.from('mcp_servers').select('id')).data).toEqual([]);
    expect((await program.client.from('mcp_servers').insert(hidden)).status).toBe(403);
    for (const name of ['test-connection', 'discover-tools']) {
      expect((await invoke(program, name, { server_id: server?.id })).status, name).toBe(404);
    }
    const credential = { server_id: server?.id, credential: 'k' };
    expect((await invoke(program, 'server-credential', credential)).status).toBe(404);
    const gone = await program.client.from('mcp_servers').delete().eq('id', server?.id).select('id');
    expect(gone.data).toEqual([]);
  });

  it('ends when it is revoked, when it expires, and when its maker leaves', async () => {
    const [revoked, expired] = [await makeToken(ALL), await makeToken(ALL)];
    expect((await owner.client.rpc('revoke_api_token', { p_id: revoked.id })).error).toBeNull();
    const past = { expires_at: '2026-01-01T00:00:00Z' };
    await serviceClient().from('api_tokens').update(past).eq('id', expired.id);

    const admin = await newPerson('leaver');
    const team = await owner.client.from('workspaces').insert({ name: 'Team' }).select('id').single<Id>();
    const member = { workspace_id: team.data?.id, user_id: admin.id, role: 'admin' };
    await serviceClient().from('workspace_members').insert(member);
    const left = await makeToken(ALL, admin, team.data?.id);
    expect((await clientWith(left.token).from('mcp_servers').select('id')).status).toBe(200);
    await owner.client.from('workspace_members').delete().eq('user_id', admin.id);

    const unknown = { token: `patchbay_${'0'.repeat(64)}` };
    for (const [{ token }, code] of [
      [revoked, 'token_revoked'],
      [expired, 'token_expired'],
      [left, 'token_revoked'],
      [unknown, 'token_unknown'],
    ] as const) {
      const { status, error } = await clientWith(token).from('mcp_servers').select('id');
      expect([status, error?.code]).toEqual([401, code]);
      const answer = await invoke(bearing(token), 'test-connection', { url: notes.url });
      expect(answer).toMatchObject({ status: 401, body: { code } });
    }
  });

  it('is counted: beyond the rate it gets 429 and when to come back', async () => {
    const { token } = await makeToken([]);
    const limit = { name: 'token_calls_per_minute', workspace_id: workspaceId, allowed: 2 };
    await serviceClient().from('limits').insert(limit);
    const { supabase_url } = runningStack();
    const ask = () =>
      fetch(`${supabase_url}/functions/v1/rest/mcp_servers?select=id`, {
        headers: { authorization: `Bearer ${token}` },
      });
    const answers = [await ask(), await ask(), await ask()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(Number(answers[2]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await answers[2]?.json()).toMatchObject({ code: 'limit_reached', limit: limit.name, allowed: 2 });
  });
});
