import { AgentConfigRow } from '@patchbay/shared/contract/schema/agent-config';
import { z } from 'zod';
import { copyName } from '../../agents/form-values.ts';
import type { AgentFields } from './agent-form.ts';
import { firstRow, FORBIDDEN, NOT_FOUND, rows, writeFailure, writtenRows } from '../database.ts';
import { DONE, type Result } from '../result.ts';
import type { SignedIn } from '../auth/session.ts';

const COLUMNS = Object.keys(AgentConfigRow.shape).join(',');
const AssignedServer = z.object({ server_id: z.string() });
const Id = z.object({ id: z.string() });

const agents = (who: SignedIn) => who.supabase.from('agent_configs');
const assignedServers = (who: SignedIn) => who.supabase.from('agent_config_servers');

/** Lists the agents of a workspace, the default one first. */
export function listAgents(who: SignedIn, workspaceId: string): Promise<AgentConfigRow[]> {
  return rows(
    agents(who)
      .select(COLUMNS)
      .eq('workspace_id', workspaceId)
      .order('is_default', { ascending: false })
      .order('created_at'),
    AgentConfigRow,
  );
}

export function readAgent(who: SignedIn, id: string): Promise<AgentConfigRow | null> {
  return firstRow(agents(who).select(COLUMNS).eq('id', id), AgentConfigRow);
}

/** Lists the servers assigned to an agent that does not use all servers. */
export async function listAssignedServers(who: SignedIn, agentId: string): Promise<string[]> {
  const given = await rows(
    assignedServers(who).select('server_id').eq('agent_config_id', agentId),
    AssignedServer,
  );
  return given.map((row) => row.server_id);
}

/** Adds an agent and, unless it uses all servers, its assigned servers. */
export async function createAgent(
  who: SignedIn,
  workspaceId: string,
  input: AgentFields,
  serverIds: string[],
): Promise<Result> {
  const answer = await agents(who)
    .insert({ ...input, workspace_id: workspaceId })
    .select('id');
  if (answer.error) return writeFailure(answer.error, answer.status);
  const [agent] = Id.array().parse(answer.data);
  if (!agent || input.all_servers) return DONE;
  const given = await giveServers(who, agent.id, serverIds);
  // Without its servers the agent would exist twice after a retry.
  if (!given.ok) await agents(who).delete().eq('id', agent.id);
  return given;
}

/**
 * Saves an agent and its assigned servers. Adds servers before removing others, so a running conversation never loses
 * one that it keeps.
 */
export async function saveAgent(
  who: SignedIn,
  id: string,
  input: AgentFields,
  serverIds: string[],
): Promise<Result> {
  const before = input.all_servers ? [] : await listAssignedServers(who, id);
  const added = input.all_servers ? [] : serverIds.filter((server) => !before.includes(server));
  const given = await giveServers(who, id, added);
  if (!given.ok) return given;
  const written = writtenRows(await agents(who).update(input).eq('id', id).select('id'), NOT_FOUND);
  if (!written.ok) return written;
  const removed = before.filter((server) => !serverIds.includes(server));
  if (removed.length === 0) return DONE;
  const { error, status } = await assignedServers(who)
    .delete()
    .eq('agent_config_id', id)
    .in('server_id', removed);
  return error ? writeFailure(error, status) : DONE;
}

/** Copies an agent; the copy is not the default. */
export async function duplicateAgent(who: SignedIn, id: string): Promise<Result> {
  const agent = await readAgent(who, id);
  if (!agent) return NOT_FOUND;
  const { workspace_id, id: _id, user_id: _user, created_at: _made, updated_at: _changed, ...copied } = agent;
  // Safe: these values come from the database.
  const input = { ...copied, name: copyName(agent.name), is_default: false } as AgentFields;
  return createAgent(who, workspace_id, input, await listAssignedServers(who, id));
}

/** Makes an agent the default of its workspace. */
export async function makeDefault(who: SignedIn, id: string): Promise<Result> {
  return writtenRows(await agents(who).update({ is_default: true }).eq('id', id).select('id'), NOT_FOUND);
}

export async function deleteAgent(who: SignedIn, id: string): Promise<Result> {
  const answer = await agents(who).delete().eq('id', id).select('id');
  if (answer.error) return writeFailure(answer.error, answer.status);
  // Row level security hides rows, so an agent that is still readable was not deletable. A missing agent is fine.
  return answer.data.length === 0 && (await readAgent(who, id)) ? FORBIDDEN : DONE;
}

async function giveServers(who: SignedIn, id: string, serverIds: string[]): Promise<Result> {
  if (serverIds.length === 0) return DONE;
  const answer = await assignedServers(who).insert(
    serverIds.map((server_id) => ({ agent_config_id: id, server_id })),
  );
  return answer.error ? writeFailure(answer.error, answer.status) : DONE;
}
