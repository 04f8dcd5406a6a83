import type { McpServerRow } from '@patchbay/shared/contract/schema/server';
import { describe, expect, it } from 'vitest';
import { byPosition, planMove } from './order.ts';

const at = (...positions: number[]) =>
  positions.map((position, index) => ({ id: 'abcdef'.charAt(index), position }));

describe('planMove', () => {
  it.each([
    ['up, between two', at(1, 2, 3), 'c', 'up', [{ id: 'c', position: 1.5 }]],
    ['up, to the top', at(1, 2, 3), 'b', 'up', [{ id: 'b', position: 0 }]],
    ['down, between two', at(1, 2, 3), 'a', 'down', [{ id: 'a', position: 2.5 }]],
    ['down, to the end', at(1, 2, 3.5), 'b', 'down', [{ id: 'b', position: 4 }]],
    ['no further than the top', at(1, 2), 'a', 'up', []],
    ['no further than the end', at(1, 2), 'b', 'down', []],
    ['nothing that was removed', at(1, 2), 'z', 'up', []],
  ] as const)('%s', (_, servers, id, direction, writes) => {
    expect(planMove(servers, id, direction)).toEqual(writes);
  });

  it('renumbers all servers when there is no room', () => {
    expect(planMove(at(1, 1, 1), 'c', 'up')).toEqual([
      { id: 'a', position: 1 },
      { id: 'c', position: 2 },
      { id: 'b', position: 3 },
    ]);
  });

  it('holds for any number of moves in the same place', () => {
    let servers = at(1, 2, 3, 4);
    for (let move = 0; move < 300; move++) {
      const id = servers[2]?.id ?? '';
      const writes = new Map(planMove(servers, id, 'up').map((write) => [write.id, write.position]));
      servers = servers
        .map((server) => ({ ...server, position: writes.get(server.id) ?? server.position }))
        .toSorted((a, b) => a.position - b.position);
      expect(servers[1]?.id).toBe(id);
    }
  });
});

it('servers at the same position are ordered by age', () => {
  const row = (id: string, position: number, created_at: string) =>
    ({ id, position, created_at }) as McpServerRow;
  const rows = [row('new', 1, '2026-02-01'), row('old', 1, '2026-01-01'), row('first', 0.5, '2026-03-01')];
  expect(rows.toSorted(byPosition).map(({ id }) => id)).toEqual(['first', 'old', 'new']);
});
