import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { addDemoServer, newPerson, type Person } from '../person.ts';
import { addServer, personalWorkspace, serviceClient } from '../rest-api.ts';

export interface Scene {
  person: Person;
  serverId: string;
  signInServerId: string;
  agentId: string;
  conversationId: string;
  invitationToken: string;
}

const Id = z.object({ id: z.string() });
const Invitation = z.object({ token: z.string() });

/** Makes a person with servers in several states, a second member, invitations, and a past conversation. */
export async function setScene(name: string): Promise<Scene> {
  const [person, friend] = await Promise.all([newPerson(name), newPerson('bob')]);
  const workspaceId = await personalWorkspace(person);
  const serverId = await addDemoServer(person, 'clock');
  await discover(person, serverId);
  await discover(person, await addDemoServer(person, 'notes'));
  const signInServerId = await addServer(person, {
    name: 'Tickets',
    url: 'https://tickets.patchbay.example/mcp',
    auth_method: 'oauth',
  });
  await addServer(person, { name: 'Old wiki', url: 'https://wiki.patchbay.example/mcp' });
  const { client } = person;
  await must(
    client
      .from('mcp_servers')
      .update({ is_active: false, tags: ['work'] })
      .eq('name', 'Old wiki'),
  );
  await must(
    client
      .from('mcp_servers')
      .update({ tags: ['home', 'work'] })
      .eq('id', serverId),
  );

  const { token } = await invite(person, workspaceId);
  await must(friend.client.rpc('accept_invitation', { p_token: token }));
  await invite(person, workspaceId);
  const theirs = await must(
    friend.client.from('workspaces').insert({ name: 'Home lab' }).select('id').single(),
  );
  const { token: invitationToken } = await invite(friend, Id.parse(theirs).id);

  const agent = await must(client.from('agent_configs').select('id').eq('is_default', true).single());
  const agentId = Id.parse(agent).id;
  const conversationId = await recordConversation(person, workspaceId, agentId, serverId);
  return { person, serverId, signInServerId, agentId, conversationId, invitationToken };
}

async function discover({ client }: Person, serverId: string): Promise<void> {
  await must(client.functions.invoke<unknown>('discover-tools', { body: { server_id: serverId } }));
}

async function invite({ client }: Person, workspaceId: string): Promise<{ token: string }> {
  const answer = await must(
    client.rpc('create_invitation', { p_workspace_id: workspaceId, p_role: 'member' }),
  );
  return Invitation.parse(answer);
}

async function recordConversation(
  { id: user_id }: Person,
  workspace_id: string,
  agent_config_id: string,
  server_id: string,
): Promise<string> {
  const service = serviceClient();
  const startedAt = Date.now() - 134_000;
  const at = (second: number): string => new Date(startedAt + second * 1000).toISOString();
  const session = await must(
    service
      .from('voice_sessions')
      .insert({ user_id, workspace_id, agent_config_id, started_at: at(0) })
      .select('id')
      .single(),
  );
  const { id: session_id } = Id.parse(session);
  const line = (role: string, text: string, second: number) => ({
    id: randomUUID(),
    session_id,
    role,
    text,
    said_at: at(second),
  });
  await must(
    service.rpc('record_transcript', {
      p_lines: [
        line('agent', 'Hello! What can I do for you?', 1),
        line('user', 'What time is it in Tokyo?', 3),
        line('agent', 'It is 9:00 PM in Tokyo, Sunday, 22 November.', 6),
      ],
    }),
  );
  const call = {
    id: randomUUID(),
    session_id,
    server_id,
    tool_name: 'current_time',
    arguments: { city: 'Tokyo' },
    outcome: 'ok',
    started_at: at(4),
    queue_ms: 0,
    duration_ms: 14,
    result_bytes: 120,
  };
  await must(service.rpc('record_tool_calls', { p_calls: [call] }));
  await must(service.rpc('set_session_state', { p_session_id: session_id, p_state: 'ended' }));
  return session_id;
}

/** @throws Error if the response has an error */
async function must(answer: PromiseLike<{ data: unknown; error: unknown }>): Promise<unknown> {
  const { data, error } = await answer;
  if (error) throw new Error('The scene could not be set.', { cause: error });
  return data;
}
