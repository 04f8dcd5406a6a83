/** A thousand times connected and disconnected, a process holds what it held before. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { openConnection } from '../src/engine/session/open-connection.ts';
import { ERAS, serveEra } from './support/connect.ts';
import { until } from './support/listen.ts';

const ROUNDS = 1_000;
/** Most caches and compiled code have settled after these; all of them only after some thousands. */
const WARM_UP_ROUNDS = 200;
const AT_ONCE = 8;
/** Connections that stayed would hold twice that, though they are closed. */
const MAX_GROWTH_BYTES = 3 * 1_024 * ROUNDS;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const held = () => {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return { sockets: counts['TCPSocketWrap'] ?? 0, timers: counts['Timeout'] ?? 0 };
};

/** The least that is left when garbage has been collected a few times: weak references go late. */
async function heapBytes(): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < 5; round += 1) {
    await new Promise(setImmediate);
    collectGarbage();
    least = Math.min(least, process.memoryUsage().heapUsed);
  }
  return least;
}

describe.each(ERAS)('a server (%s)', (era) => {
  it(`is connected, called and left ${ROUNDS} times, and nothing stays`, { timeout: 120_000 }, async () => {
    const server = await serveEra(era);
    const round = async () => {
      const connection = openConnection(
        {
          serverId: 'server',
          configVersion: 1,
          url: server.url,
          transport: 'auto',
          credential: { method: 'none' },
          callTimeoutMs: 30_000,
          maxConcurrency: 4,
        },
        { policy: 'local' },
      );
      await connection.call('echo', {});
      await connection.close();
    };
    const rounds = async (count: number) => {
      let left = count;
      const worker = async () => {
        while ((left -= 1) >= 0) await round();
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
    };
    const before = held();
    await rounds(WARM_UP_ROUNDS);
    server.ran.length = 0;
    const heapBefore = await heapBytes();
    await rounds(ROUNDS);
    expect(server.ran).toHaveLength(ROUNDS);
    server.ran.length = 0;
    await until(async () => (await server.connections()) === 0, 'the sockets to be closed');
    expect(server.openStreams()).toBe(0);
    await until(() => held().sockets <= before.sockets, 'our ends of them, too');
    expect(held().timers).toBeLessThanOrEqual(before.timers);
    expect((await heapBytes()) - heapBefore).toBeLessThan(MAX_GROWTH_BYTES);
  });
});
