import type { McpServerRow } from '@patchbay/shared/contract/schema/server';

export type Direction = 'up' | 'down';
type Placed = Pick<McpServerRow, 'id' | 'position'>;

/** The manual order; servers at the same position follow by age. */
export function byPosition(a: McpServerRow, b: McpServerRow): number {
  return a.position - b.position || a.created_at.localeCompare(b.created_at) || a.id.localeCompare(b.id);
}

/**
 * Positions to write so that a server swaps places with its neighbor: one new position between two servers, or
 * positions for all if there is no number left in between. Empty at the edge.
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
