import type { RealtimeChannel } from '@supabase/supabase-js';
import { workspaceTopic } from '@patchbay/shared/contract/schema/hints';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newPerson, type Person } from '../support/person.ts';
import { addServer, invoke, personalWorkspace, serviceClient } from '../support/rest-api.ts';
import { hasStack } from '../support/running-stack.ts';

const SERVER = { name: 'Private', url: 'http://127.0.0.1:9/mcp' };

describe.runIf(hasStack)('isolation of users', { timeout: 20_000 }, () => {
  let alice: Person;
  let bob: Person;
  let alicesWorkspace: string;
  let bobsWorkspace: string;
  let serverId: string;

  beforeAll(async () => {
    [alice, bob] = await Promise.all([newPerson('alice'), newPerson('bob')]);
    [alicesWorkspace, bobsWorkspace] = await Promise.all([personalWorkspace(alice), personalWorkspace(bob)]);
    serverId = await addServer(alice, SERVER);
  });
  afterAll(async () => {
    await Promise.all([alice, bob].map(({ client }) => client.removeAllChannels()));
  });

  it('REST shows nobody the rows of another', async () => {
    const tables = ['workspaces', 'workspace_members', 'mcp_servers', 'agent_configs'];
    for (const table of tables) {
      const mine = await alice.client.from(table).select();
      expect(mine.data?.length, `${table} of the owner`).toBeGreaterThan(0);
      const theirs = await bob.client.from(table).select();
      expect(theirs.error).toBeNull();
      expect(JSON.stringify(theirs.data), table).not.toContain(alicesWorkspace);
      expect(JSON.stringify(theirs.data), table).not.toContain(alice.id);
    }
    expect((await bob.client.from('mcp_servers').select().eq('id', serverId)).data).toEqual([]);
  });

  it('REST lets nobody change, delete or place rows in the workspace of another', async () => {
    const changed = await bob.client
      .from('mcp_servers')
      .update({ name: 'Taken' })
      .eq('id', serverId)
      .select();
    expect(changed.data ?? []).toEqual([]);
    const deleted = await bob.client.from('mcp_servers').delete().eq('id', serverId).select();
    expect(deleted.data ?? []).toEqual([]);
    const placed = await bob.client.from('mcp_servers').insert({ ...SERVER, workspace_id: alicesWorkspace });
    expect(placed.error).not.toBeNull();
    const joined = await bob.client
      .from('workspace_members')
      .insert({ workspace_id: alicesWorkspace, user_id: bob.id, role: 'owner' });
    expect(joined.error).not.toBeNull();
    const { data } = await alice.client.from('mcp_servers').select('name').eq('id', serverId).single();
    expect(data).toEqual({ name: SERVER.name });
    expect((await alice.client.from('mcp_servers').select()).data).toHaveLength(1);
  });

  it('no client role reads secrets or calls what only the system may', async () => {
    for (const { client } of [alice, bob]) {
      expect((await client.from('mcp_server_secrets').select()).error).not.toBeNull();
      expect(
        (await client.rpc('server_for_probe', { p_server_id: serverId, p_user_id: null })).error,
      ).not.toBeNull();
      expect((await client.rpc('report_server_status', { p_observations: [] })).error).not.toBeNull();
    }
  });

  it('functions know no server, agent or session of another', async () => {
    const asAlice = await alice.client.from('agent_configs').select('id').single();
    const asked = await Promise.all([
      invoke(bob, 'test-connection', { server_id: serverId }),
      invoke(bob, 'discover-tools', { server_id: serverId }),
      invoke(bob, 'server-credential', { server_id: serverId, credential: 'k' }),
      invoke(bob, 'voice-token', { agent_config_id: asAlice.data?.id }),
    ]);
    expect(asked.map(({ status }) => status)).toEqual([404, 404, 404, 404]);

    const opened = await invoke(alice, 'voice-token');
    if (opened.status === 503) return;
    expect(opened.status).toBe(200);
    const sessionId = opened.body['session_id'];
    expect((await invoke(bob, 'voice-dispatch', { session_id: sessionId })).status).toBe(404);
    expect((await bob.client.from('voice_sessions').select('id').eq('id', sessionId)).data).toEqual([]);
  });

  it('Realtime tells hints of a workspace to its members only', async () => {
    const heard = { alice: [] as string[], bob: [] as string[] };
    const own = await join(alice, alicesWorkspace, heard.alice);
    expect(own.status).toBe('SUBSCRIBED');
    const foreign = await join(bob, alicesWorkspace, heard.bob);
    expect(foreign.status).toBe('CHANNEL_ERROR');
    await bob.client.removeChannel(foreign.channel);
    // A channel without `private` has the same name and must not carry the same hints.
    await join(bob, alicesWorkspace, heard.bob, false);
    const bobsOwn: string[] = [];
    expect((await join(bob, bobsWorkspace, bobsOwn)).status).toBe('SUBSCRIBED');

    const added = await addServer(alice, { name: 'Second', url: SERVER.url });
    await expect.poll(() => heard.alice).toContain(added);
    // Bob's own hint comes after Alice's, so once it is here, hers would have been too.
    const bobs = await addServer(bob, SERVER);
    await expect.poll(() => bobsOwn).toContain(bobs);
    expect(heard.bob).toEqual([]);
    expect(heard.alice).not.toContain(bobs);
  });

  it('a member who is removed is told so at once, and hears no hint from the next token on', async () => {
    const guest = await newPerson('guest');
    const { error } = await serviceClient()
      .from('workspace_members')
      .insert({ workspace_id: alicesWorkspace, user_id: guest.id, role: 'member' });
    expect(error).toBeNull();
    const heard: string[] = [];
    const { channel, status } = await join(guest, alicesWorkspace, heard);
    expect(status).toBe('SUBSCRIBED');
    const farewell = new Promise<unknown>((resolve) =>
      channel.on('broadcast', { event: 'members.changed' }, ({ payload }) => resolve(payload)),
    );
    const remove = alice.client.from('workspace_members').delete().eq('user_id', guest.id);
    expect((await remove.eq('workspace_id', alicesWorkspace)).error).toBeNull();
    expect(await farewell).toMatchObject({ user_id: guest.id, op: 'delete' });
    expect((await guest.client.from('mcp_servers').select().eq('id', serverId)).data).toEqual([]);

    // A channel keeps the authorization of its token until it gets the next one.
    const { data } = await guest.client.auth.refreshSession();
    await guest.client.realtime.setAuth(data.session?.access_token);
    await expect.poll(() => channel.state).toBe('closed');
    await guest.client.removeChannel(channel);
    expect((await join(guest, alicesWorkspace, heard)).status).toBe('CHANNEL_ERROR');
    await guest.client.removeAllChannels();
  });
});

async function join(
  { client }: Person,
  workspaceId: string,
  heard: string[],
  isPrivate = true,
): Promise<{ status: string; channel: RealtimeChannel }> {
  await client.realtime.setAuth();
  const channel = client.channel(workspaceTopic(workspaceId), { config: { private: isPrivate } });
  channel.on('broadcast', { event: '*' }, ({ payload }: { payload?: { server_id?: string } }) => {
    if (payload?.server_id) heard.push(payload.server_id);
  });
  const status = await new Promise<string>((resolve) => {
    channel.subscribe((state) => resolve(state));
  });
  return { status, channel };
}
