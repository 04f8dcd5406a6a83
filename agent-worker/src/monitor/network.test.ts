import { describe, expect, it } from 'vitest';
import { Network } from './network.ts';

/** Reference hosts of which some answer, with a clock that is set by hand. */
function open(referenceHosts: string[], answering = referenceHosts) {
  const world = { now: 1_000, asked: [] as string[], changes: [] as boolean[], hosts: new Set(answering) };
  const network = new Network({
    referenceHosts,
    reach: async (url) => {
      world.asked.push(url);
      return world.hosts.has(url);
    },
    now: () => world.now,
    onChange: (isAway) => world.changes.push(isAway),
  });
  return { network, world };
}

describe('whether a server or the network is at fault', () => {
  it('the server, when one reference host of several answers', async () => {
    const { network, world } = open(['a', 'b', 'c'], ['c']);
    expect(await network.isHere(900)).toBe(true);
    expect(network.awaySince).toBeNull();
    expect(world.changes).toEqual([]);
  });

  it('the network, when none does; and the server again as soon as one does', async () => {
    const { network, world } = open(['a', 'b'], []);
    expect(await network.isHere(900)).toBe(false);
    expect(network.awaySince).toBe(1_000);
    world.hosts.add('b');
    world.now += 2_000;
    expect(await network.isHere(2_900)).toBe(true);
    expect(network.awaySince).toBeNull();
    expect(world.changes).toEqual([true, false]);
  });

  it('the server, however many fail together, as long as a reference host answers', async () => {
    const { network, world } = open(['a']);
    const verdicts = await Promise.all(Array.from({ length: 60 }, () => network.isHere(900)));
    expect(new Set(verdicts)).toEqual(new Set([true]));
    expect(world.asked).toEqual(['a']);
  });

  it('an answer stands for five seconds, silence for two', async () => {
    const { network, world } = open(['a']);
    await network.isHere(1_000);
    expect(await network.isHere(6_000)).toBe(true);
    expect(world.asked).toHaveLength(1);
    world.hosts.clear();
    world.now = 6_100;
    expect(await network.isHere(6_100)).toBe(false);
    world.now = 8_000;
    expect(await network.isHere(7_000)).toBe(false);
    expect(world.asked).toHaveLength(2);
    world.now = 8_200;
    await network.isHere(8_200);
    expect(world.asked).toHaveLength(3);
  });

  it('the server, where there are no reference hosts', async () => {
    expect(await open([]).network.isHere(900)).toBe(true);
  });
});
