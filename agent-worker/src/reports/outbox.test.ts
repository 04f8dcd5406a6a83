import { describe, expect, it } from 'vitest';
import { Outbox, type OutboxOptions } from './outbox.ts';

function outboxOf<Item>(options: Partial<OutboxOptions<Item>> = {}) {
  const sent: Item[][] = [];
  const dropped: Item[] = [];
  const outbox = new Outbox<Item>({
    send: async (batch) => void sent.push(batch),
    isRetryable: () => true,
    onDropped: (items) => dropped.push(...items),
    gatherMs: 0,
    ...options,
  });
  return { outbox, sent, dropped };
}

describe('the outbox', () => {
  it('sends in batches and in order', async () => {
    const { outbox, sent } = outboxOf<number>({ batchSize: 2 });
    for (const item of [1, 2, 3]) outbox.add(item);
    await outbox.flush(1_000);
    expect(sent).toEqual([[1, 2], [3]]);
  });

  it('keeps only the newest of a key', async () => {
    const { outbox, sent } = outboxOf<{ id: string; at: number }>({ keyOf: ({ id }) => id });
    outbox.add({ id: 'a', at: 1 });
    outbox.add({ id: 'b', at: 1 });
    outbox.add({ id: 'a', at: 2 });
    await outbox.flush(1_000);
    expect(sent.flat()).toEqual([
      { id: 'b', at: 1 },
      { id: 'a', at: 2 },
    ]);
  });

  it('loses nothing while the other side is away, and a newer item replaces one that comes back', async () => {
    let away = true;
    const waits: number[] = [];
    const sent: { id: string; at: number }[] = [];
    const { outbox } = outboxOf<{ id: string; at: number }>({
      keyOf: ({ id }) => id,
      wait: async (ms) => {
        waits.push(ms);
        if (waits.length < 9) return;
        outbox.add({ id: 'a', at: 2 });
        away = false;
      },
      send: async (batch) => {
        if (away) throw new Error('away');
        sent.push(...batch);
      },
    });
    outbox.add({ id: 'a', at: 1 });
    outbox.add({ id: 'b', at: 1 });
    await expect.poll(() => sent).toHaveLength(2);
    expect(sent).toEqual([
      { id: 'b', at: 1 },
      { id: 'a', at: 2 },
    ]);
    expect(waits).toEqual([0, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
  });

  it('drops what is refused for good, and goes on', async () => {
    const sent: string[] = [];
    const { outbox, dropped } = outboxOf<string>({
      batchSize: 1,
      isRetryable: () => false,
      send: async ([item = '']) => {
        if (item === 'bad') throw new Error('refused');
        sent.push(item);
      },
    });
    outbox.add('bad');
    outbox.add('good');
    await outbox.flush(1_000);
    expect([sent, dropped]).toEqual([['good'], ['bad']]);
  });

  it('drops the oldest above its capacity and says so', async () => {
    const { outbox, dropped, sent } = outboxOf<number>({ capacity: 2 });
    for (const item of [1, 2, 3]) outbox.add(item);
    await outbox.flush(1_000);
    expect([dropped, sent.flat()]).toEqual([[1], [2, 3]]);
  });

  it('gives up a flush after its time', async () => {
    const { outbox } = outboxOf<number>({ send: () => new Promise(() => {}) });
    outbox.add(1);
    await outbox.flush(10);
  });

  it('drops and counts what is left when there is no more time', async () => {
    const { outbox, dropped } = outboxOf<number>({
      send: async () => {
        throw new Error('away');
      },
    });
    for (const item of [1, 2, 3]) outbox.add(item);
    await outbox.flush(20);
    expect(dropped).toEqual([1, 2, 3]);
  });

  it('loses one refused item, not the batch that it came in', async () => {
    const sent: number[] = [];
    const { outbox, dropped } = outboxOf<number>({
      isRetryable: () => false,
      send: async (batch) => {
        if (batch.includes(2)) throw new Error('refused');
        sent.push(...batch);
      },
    });
    for (const item of [1, 2, 3]) outbox.add(item);
    await outbox.flush(1_000);
    expect(sent).toEqual([1, 3]);
    expect(dropped).toEqual([2]);
  });
});
