import type { McpServerRow } from '@patchbay/shared/contract/schema/server';
import { serverState, type Tone } from '$lib/servers/state-labels.ts';

/** Sort orders; `own` is the manual one. */
export const SORTS = ['own', 'name', 'state', 'latency', 'tools', 'changed'] as const;
export type Sort = (typeof SORTS)[number];

export const SORT_LABELS: Record<Sort, string> = {
  own: 'Manual',
  name: 'Name',
  state: 'Status',
  latency: 'Slowest first',
  tools: 'Most tools first',
  changed: 'Recently changed',
};

const URGENCY: Record<Tone, number> = { bad: 0, warn: 1, wait: 2, ok: 3, off: 4 };

const byName = (a: McpServerRow, b: McpServerRow) =>
  a.name.localeCompare(b.name, undefined, { numeric: true, sensitivity: 'base' });

/** A sorted copy; servers without a value come last. */
export function sorted(servers: McpServerRow[], sort: Sort): McpServerRow[] {
  const mostFirst = (value: (server: McpServerRow) => number | null) => (a: McpServerRow, b: McpServerRow) =>
    (value(b) ?? -1) - (value(a) ?? -1) || byName(a, b);
  switch (sort) {
    case 'own':
      return servers;
    case 'name':
      return servers.toSorted(byName);
    case 'state': {
      const urgency = new Map(servers.map((server) => [server.id, URGENCY[serverState(server, 0).tone]]));
      const of = (server: McpServerRow) => urgency.get(server.id) ?? 0;
      return servers.toSorted((a, b) => of(a) - of(b) || byName(a, b));
    }
    case 'latency':
      return servers.toSorted(mostFirst((server) => server.latency_ms));
    case 'tools':
      return servers.toSorted(mostFirst((server) => server.tool_count));
    case 'changed':
      return servers.toSorted(mostFirst((server) => Date.parse(server.updated_at)));
  }
}
