import { createClient } from '@supabase/supabase-js';
import { NewApiToken } from '@patchbay/shared/contract/schema/api-token';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newPerson, type Person } from '../support/person.ts';
import { addServer, invoke, personalWorkspace, serviceClient } from '../support/rest-api.ts';
import { RoomClient } from '../support/room-client.ts';
import { hasStack, runningStack } from '../support/running-stack.ts';
import { plainTool, startToolServer, type ToolServer } from '../support/servers/tool-server.ts';

const hasVoice = hasStack && !runningStack().voice_unavailable;
const reading = (name: string) => ({ ...plainTool(name), annotations: { readOnlyHint: true } });
const TOOLS = [reading('report'), plainTool('wipe')];

describe.runIf(hasStack)('a member who becomes a viewer', () => {
  let owner: Person;
  let guest: Person;
  let workspaceId: string;
  let server: ToolServer;
  let serverId: string;

  beforeAll(async () => {
    [owner, guest] = await Promise.all([newPerson('owner'), newPerson('guest')]);
    workspaceId = await personalWorkspace(owner);
    server = await startToolServer(TOOLS);
    serverId = await addServer(owner, { name: 'workshop', url: server.url });
    expect((await invoke(owner, 'discover-tools', { server_id: serverId })).status).toBe(200);
    const member = { workspace_id: workspaceId, user_id: guest.id, role: 'admin' };
    await serviceClient().from('workspace_members').insert(member).throwOnError();
  });
  afterAll(() => server?.close());

  const become = (role: string) =>
    serviceClient()
      .from('workspace_members')
      .update({ role })
      .match({ workspace_id: workspaceId, user_id: guest.id })
      .throwOnError();
  const trust = (trusts_hints: boolean) =>
    owner.client.from('mcp_servers').update({ trusts_hints }).eq('id', serverId).throwOnError();
  const call = async (who: Person, tool: string) =>
    (await invoke(who, 'call-tool', { server_id: serverId, tool })).status;

  it('calls by hand what reads, as soon as somebody vouches for the server, and nothing else', async () => {
    expect(await call(guest, 'wipe')).toBe(200);
    await become('viewer');
    expect([await call(guest, 'report'), await call(guest, 'wipe')]).toEqual([403, 403]);
    await trust(true);
    expect([await call(guest, 'report'), await call(guest, 'wipe')]).toEqual([200, 403]);
    await owner.client.from('mcp_tools').update({ access: 'write' }).eq('name', 'report').throwOnError();
    expect(await call(guest, 'report')).toBe(403);
    await owner.client.from('mcp_tools').update({ access: null }).eq('name', 'report').throwOnError();
    await become('admin');
  });

  it('takes the right away from the API tokens that they made', async () => {
    const { data } = await guest.client.rpc('create_api_token', {
      p_workspace_id: workspaceId,
      p_name: 'program',
      p_scopes: ['tools:call'],
    });
    const { token } = NewApiToken.parse(data);
    const { supabase_url, publishable_key } = runningStack();
    const client = createClient(supabase_url, publishable_key, { accessToken: () => Promise.resolve(token) });
    const program = { ...guest, client };
    expect(await call(program, 'wipe')).toBe(200);
    const before = server.called.length;
    await become('viewer');
    expect(await call(program, 'wipe')).not.toBe(200);
    expect(server.called).toHaveLength(before);
    await become('admin');
  });

  it.runIf(hasVoice)('loses the other tools during a conversation, and hears why', async () => {
    const agents = await guest.client
      .from('agent_configs')
      .select('id')
      .match({ workspace_id: workspaceId, is_default: true })
      .single<{ id: string }>()
      .throwOnError();
    const client = await RoomClient.join(guest, agents.data.id);
    try {
      await client.waitForActivity('tools', ({ names }) => names.includes('workshop__wipe'));
      await client.hearsSilence();
      const from = client.activity.length;
      await become('viewer');
      const { names, left_out } = await client.waitForActivity(
        'tools',
        ({ names }) => !names.includes('workshop__wipe'),
        from,
      );
      expect(names).toEqual(['workshop__report']);
      expect(left_out).toEqual([{ server: 'workshop', tool: 'wipe', reason: 'role' }]);
      const called = server.called.length;
      await client.hearsSilence();
      const askedAtMs = Date.now();
      await client.type('Do the workshop wipe');
      await client.agentSays(/your role .* does not allow/i, askedAtMs);
      expect(server.called).toHaveLength(called);
      await client.hearsSilence();
      const readAtMs = Date.now();
      await client.type('Do the workshop report');
      await client.agentSays(/done/i, readAtMs);
      expect(server.called.at(-1)).toBe('report');

      const changed = client.activity.length;
      await server.change([
        { ...reading('report'), annotations: { destructiveHint: true } },
        reading('wipe'),
      ]);
      await client.waitForActivity(
        'tools',
        (activity) => activity.names.join() === 'workshop__wipe',
        changed,
      );
    } finally {
      await client.leave();
    }
  });
});
