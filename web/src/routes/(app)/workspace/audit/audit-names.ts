import type { AuditEvent } from '$lib/server/workspace/audit.ts';

/** Tables whose rows have no name: the row's ID is that of a member or an agent. */
const NAMED_BY_ID = new Set(['workspace_members', 'agent_config_servers']);

/** IDs of agents and servers that events mention without a name. */
export function unnamedIds(events: AuditEvent[]): { agents: string[]; servers: string[] } {
  const ofAgents = events.filter(({ table_name }) => table_name === 'agent_config_servers');
  const ids = (values: unknown[]) => [...new Set(values.filter((value) => typeof value === 'string'))];
  return {
    agents: ids(ofAgents.map(({ row_id }) => row_id)),
    servers: ids(ofAgents.flatMap(({ changes }) => [changes.server_id?.from, changes.server_id?.to])),
  };
}

/** Replaces known IDs in events by names. */
export function nameEvents(events: AuditEvent[], names: ReadonlyMap<string, string>): AuditEvent[] {
  const nameOf = (id: unknown) => (typeof id === 'string' ? (names.get(id) ?? id) : id);
  return events.map((event) => {
    const { changes, row_name, row_id, table_name } = event;
    const { server_id: server, owner, ...others } = changes;
    return {
      ...event,
      row_name: row_name ?? (row_id && NAMED_BY_ID.has(table_name) ? (names.get(row_id) ?? null) : null),
      changes: {
        ...others,
        ...(owner && { owner: { ...owner, to: nameOf(owner.to) } }),
        ...(server && { server: { ...server, from: nameOf(server.from), to: nameOf(server.to) } }),
      },
    };
  });
}
