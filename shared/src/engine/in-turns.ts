import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Works through many items without holding up everything else: whenever the work since the last pause has cost enough,
 * others get a turn. Few items are done at once.
 * @param work does one item, and returns what it cost
 * @param costPerTurn in the same unit
 */
export async function inTurns<Item>(
  items: Iterable<Item>,
  work: (item: Item) => number,
  costPerTurn: number,
): Promise<void> {
  let cost = 0;
  for (const item of items) {
    cost += work(item);
    if (cost < costPerTurn) continue;
    cost = 0;
    await nextTurn();
  }
}
