import { describe, expect, it } from 'vitest';
import { Network } from './network.ts';

/** A network in which some hosts answer, with a clock that is set by hand. */
function open(answering: string[]) {
  const hosts = new Set(answering);
  const world = { now: 1_000, asked: [] as string[], changes: [] as boolean[], hosts };
  const network = new Network({
    reach: async (url) => {
      world.asked.push(new URL(url).hostname);
      return hosts.has(new URL(url).hostname);
    },
    now: () => world.now,
    onChange: (isAway) => world.changes.push(isAway),
  });
  for (const host of answering) network.noteAnswer(`https://${host}/mcp`);
  return { network, world };
}

describe('whether a host or the network is to blame', () => {
  it('the host, when another host answered since; nobody is asked', async () => {
    const { network, world } = open(['a.test', 'b.test', 'c.test']);
    world.now += 50;
    network.noteAnswer('https://b.test/mcp');
    expect(await network.isHostToBlame('https://a.test/mcp', 1_020)).toBe(true);
    expect(world.asked).toEqual([]);
  });

  it('the host, when one of the others answers when asked', async () => {
    const { network, world } = open(['a.test', 'b.test', 'c.test']);
    world.now += 5_000;
    world.hosts.delete('a.test');
    world.hosts.delete('b.test');
    expect(await network.isHostToBlame('https://a.test/mcp', 2_000)).toBe(true);
    expect(world.changes).toEqual([]);
  });

  it('the network, when none of them does; until one does again', async () => {
    const { network, world } = open(['a.test', 'b.test', 'c.test']);
    world.now += 5_000;
    world.hosts.clear();
    expect(await network.isHostToBlame('https://a.test/mcp', 2_000)).toBe(false);
    expect(network.isAway).toBe(true);
    await network.lookAgain();
    expect(network.isAway).toBe(true);
    world.hosts.add('c.test');
    await network.lookAgain();
    expect(network.isAway).toBe(false);
    expect(world.changes).toEqual([true, false]);
  });

  it('the host, when fewer than two others are known: their silence would say nothing', async () => {
    const { network, world } = open(['a.test', 'b.test']);
    world.hosts.clear();
    world.now += 5_000;
    expect(await network.isHostToBlame('https://a.test/mcp', 2_000)).toBe(true);
    expect(world.asked).toEqual([]);
  });

  it('several servers of one host are one witness', async () => {
    const { network, world } = open(['b.test']);
    network.noteAnswer('https://b.test:8443/other');
    world.hosts.clear();
    world.now += 5_000;
    expect(await network.isHostToBlame('https://a.test/mcp', 2_000)).toBe(true);
  });

  it('servers that fail together share one question', async () => {
    const { network, world } = open(['a.test', 'b.test', 'c.test']);
    world.now += 5_000;
    world.hosts.clear();
    const urls = ['https://a.test/mcp', 'https://d.test/mcp', 'https://e.test/mcp'];
    expect(await Promise.all(urls.map((url) => network.isHostToBlame(url, 2_000)))).toEqual([
      false,
      false,
      false,
    ]);
    expect(world.asked.length).toBeLessThanOrEqual(4);
  });

  it('after ten minutes of silence the hosts are believed to be down', async () => {
    const { network, world } = open(['a.test', 'b.test', 'c.test']);
    world.now += 5_000;
    world.hosts.clear();
    await network.isHostToBlame('https://a.test/mcp', 2_000);
    world.now += 11 * 60_000;
    await network.lookAgain();
    expect(network.isAway).toBe(false);
    expect(await network.isHostToBlame('https://a.test/mcp', world.now)).toBe(true);
  });
});
