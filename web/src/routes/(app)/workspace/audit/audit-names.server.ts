import { z } from 'zod';
import { nameEvents, unnamedIds } from './audit-names.ts';
import type { AuditEvent } from '$lib/server/workspace/audit.ts';
import { rows } from '$lib/server/database.ts';
import type { SignedIn } from '$lib/server/auth/session.ts';

const Named = z.object({ id: z.string(), name: z.string() });

/**
 * Replaces the IDs of members, agents and servers in events by their names, if these still exist.
 * @param members of the workspace
 */
export async function replaceIdsByNames(
  who: SignedIn,
  events: AuditEvent[],
  members: { user_id: string; email: string }[],
): Promise<AuditEvent[]> {
  const { agents, servers } = unnamedIds(events);
  const named = async (table: 'agent_configs' | 'mcp_servers', ids: string[]) =>
    ids.length > 0 ? rows(who.supabase.from(table).select('id, name').in('id', ids), Named) : [];
  const found = await Promise.all([named('agent_configs', agents), named('mcp_servers', servers)]);
  const people = members.map(({ user_id, email }): [string, string] => [user_id, email]);
  return nameEvents(
    events,
    new Map([...people, ...found.flat().map(({ id, name }): [string, string] => [id, name])]),
  );
}
