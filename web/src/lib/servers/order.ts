import type { McpServerRow } from '@patchbay/shared/contract/schema/server';

export type Direction = 'up' | 'down';
type Placed = Pick<McpServerRow, 'id' | 'position'>;

/** The user's order; servers in the same place follow each other by age. */
export function byPosition(a: McpServerRow, b: McpServerRow): number {
  return a.position - b.position || a.created_at.localeCompare(b.created_at) || a.id.localeCompare(b.id);
}

/**
 * The new positions with which a server changes places with its neighbor: one, between the two servers that
 * it then stands between, or those of all when there is no number left between them. None at the edge.
 * @param servers in their order
 */
export function planMove(servers: readonly Placed[], id: string, direction: Direction): Placed[] {
  const from = servers.findIndex((server) => server.id === id);
  const to = direction === 'up' ? from - 1 : from + 1;
  const moved = servers[from];
  if (!moved || !servers[to]) return [];
  const order = servers.toSpliced(from, 1).toSpliced(to, 0, moved);
  const before = order[to - 1]?.position ?? Number.NEGATIVE_INFINITY;
  const after = order[to + 1]?.position ?? Number.POSITIVE_INFINITY;
  const position = between(before, after);
  if (position > before && position < after) return [{ id, position }];
  return order.map((server, index) => ({ id: server.id, position: index + 1 }));
}

function between(before: number, after: number): number {
  if (before === Number.NEGATIVE_INFINITY) return Math.ceil(after) - 1;
  if (after === Number.POSITIVE_INFINITY) return Math.floor(before) + 1;
  return before + (after - before) / 2;
}
