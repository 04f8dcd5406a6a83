import { expect, it } from 'vitest';
import { FairSlots } from './fair-slots.ts';

function fill(slots: FairSlots, owner: string): number {
  let taken = 0;
  for (; slots.hasRoomFor(owner); taken += 1) slots.take(owner);
  return taken;
}

it('one owner gets half of the slots, and each that follows finds one', () => {
  const slots = new FairSlots(32);
  expect(fill(slots, 'first')).toBe(16);
  expect(fill(slots, 'second')).toBe(8);
  expect(fill(slots, 'third')).toBe(4);
  expect(slots.hasRoomFor('fourth')).toBe(true);
});

it('owners that take turns get equal shares', () => {
  const slots = new FairSlots(32);
  const owners = ['a', 'b', 'c'];
  for (let turn = 0; turn < 32; turn += 1) {
    for (const owner of owners) if (slots.hasRoomFor(owner)) slots.take(owner);
  }
  expect([...slots.held.values()]).toEqual([8, 8, 8]);
});

it('what is released can be taken again', () => {
  const slots = new FairSlots(1);
  expect(fill(slots, 'first')).toBe(1);
  expect(slots.hasRoomFor('second')).toBe(false);
  slots.release('first');
  expect(slots.taken).toBe(0);
  expect(fill(slots, 'second')).toBe(1);
});
