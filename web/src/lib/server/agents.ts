import { AgentConfigRow, type AgentConfigPatch } from '@patchbay/shared/schema/agent-config';
import { z } from 'zod';
import { firstRow, rows, writeProblem, type WriteProblem } from './database.ts';
import type { SignedIn } from './session.ts';

const COLUMNS = Object.keys(AgentConfigRow.shape).join(',');
const GivenServer = z.object({ server_id: z.string() });

/** The agents of a workspace, the default one first. */
export function listAgents(who: SignedIn, workspaceId: string): Promise<AgentConfigRow[]> {
  return rows(
    who.supabase
      .from('agent_configs')
      .select(COLUMNS)
      .eq('workspace_id', workspaceId)
      .order('is_default', { ascending: false })
      .order('created_at'),
    AgentConfigRow,
  );
}

export function readAgent(who: SignedIn, id: string): Promise<AgentConfigRow | null> {
  return firstRow(who.supabase.from('agent_configs').select(COLUMNS).eq('id', id), AgentConfigRow);
}

/** Ids of the servers that an agent is given when it does not have all of them. */
export async function listGivenServers(who: SignedIn, agentId: string): Promise<string[]> {
  const given = await rows(
    who.supabase.from('agent_config_servers').select('server_id').eq('agent_config_id', agentId),
    GivenServer,
  );
  return given.map((row) => row.server_id);
}

/**
 * Writes an agent and, when it does not have all servers, which ones it is given.
 * @returns null when it is done, else which rule of the database refused it
 */
export async function saveAgent(
  who: SignedIn,
  id: string,
  patch: AgentConfigPatch,
  serverIds: string[],
): Promise<WriteProblem | null> {
  const written = await who.supabase.from('agent_configs').update(patch).eq('id', id).select('id');
  if (written.error) return writeProblem(written.error.code, written.status);
  if (written.data.length === 0) return 'not_found';
  if (patch.all_servers) return null;

  const before = new Set(await listGivenServers(who, id));
  const after = new Set(serverIds);
  const table = () => who.supabase.from('agent_config_servers');
  const added = [...after].filter((server) => !before.has(server));
  const removed = [...before].filter((server) => !after.has(server));
  if (added.length > 0) {
    const answer = await table().insert(added.map((server_id) => ({ agent_config_id: id, server_id })));
    if (answer.error) return writeProblem(answer.error.code, answer.status);
  }
  if (removed.length > 0) {
    const answer = await table().delete().eq('agent_config_id', id).in('server_id', removed);
    if (answer.error) return writeProblem(answer.error.code, answer.status);
  }
  return null;
}
