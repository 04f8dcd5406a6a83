import { expect, it } from 'vitest';
import { HeldMemory, MemoryPool } from './held-memory.ts';

function pool(maxBytes = 100) {
  const ended: string[] = [];
  const all = new MemoryPool(maxBytes);
  const open = (name: string, sessionBytes = 80) => new HeldMemory(() => ended.push(name), sessionBytes, all);
  return { all, open, ended };
}

it('a session over its memory limit ends and frees its memory', () => {
  const { all, open, ended } = pool();
  const session = open('greedy');
  const [first, second] = [session.piece(), session.piece()];
  first.set(50);
  second.set(30);
  expect(ended).toEqual([]);
  second.set(31);
  expect(ended).toEqual(['greedy']);
  first.set(70);
  expect([session.bytes, all.bytes]).toEqual([0, 0]);
});

it('if all sessions together exceed the process limit, only the largest one ends', () => {
  const { all, open, ended } = pool();
  const victim = open('victim').piece();
  victim.set(5);
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    open(name)
      .piece()
      .set(name === 'c' ? 40 : 30);
  victim.set(9);
  expect(ended).toEqual(['c', 'a']);
  expect(all.bytes).toBe(99);
});

it('freed memory can be used again, and closing a session frees all of its memory', () => {
  const { all, open, ended } = pool();
  const session = open('calm');
  for (let call = 0; call < 100; call += 1) {
    const piece = session.piece();
    piece.set(70);
    piece.free();
  }
  session.piece().set(60);
  expect(all.bytes).toBe(60);
  session.close();
  session.close();
  expect([all.bytes, ended]).toEqual([0, []]);
});
