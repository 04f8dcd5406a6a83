import type { AppError } from '@patchbay/shared/contract/errors';
import { admitRequest, type CountHostRequests } from '@patchbay/shared/engine/outgoing/host-admission';
import { describe, expect, it } from 'vitest';
import { HostConnects } from './host-connects.ts';

const addressesOf = async () => ['192.0.2.1'];
const NAMES = ['name:api.example', 'address:192.0.2.1'];
/** The first request of a connection, and the others of its handshake. */
const connect = async () => {
  for (let request = 0; request < 4; request += 1)
    await admitRequest(new URL('https://api.example/mcp'), addressesOf);
};
const settled = async (connects: Promise<void>[]) =>
  (await Promise.allSettled(connects)).map((one) =>
    one.status === 'fulfilled' ? 'connected' : (one.reason as AppError).code,
  );
const times = (count: number, start: () => Promise<void>) => Array.from({ length: count }, start);

function counting(count: CountHostRequests = async () => ({ wait_s: 0, at_once: 20 })) {
  const counted: [string[], number][] = [];
  const connects = new HostConnects((...call) => {
    counted.push(call);
    return count(...call);
  });
  return { connects, counted };
}

describe('connections of a conversation', () => {
  it('are counted with five requests each, those that begin together at once', async () => {
    const { connects, counted } = counting();
    await Promise.all(times(10, () => connects.admit(connect, false)));
    await expect.poll(() => counted).toEqual([[NAMES, 50]]);
    await Promise.all(times(3, () => connects.admit(connect, false)));
    expect(counted).toEqual([
      [NAMES, 50],
      [NAMES, 15],
    ]);
  });

  it('wait for the answer only after the first ten to a host', async () => {
    const answer = Promise.withResolvers<{ wait_s: number; at_once: number }>();
    const { connects } = counting(() => answer.promise);
    await Promise.all(times(10, () => connects.admit(connect, false)));
    const next = connects.admit(connect, false);
    answer.resolve({ wait_s: 17, at_once: 20 });
    await expect(next).rejects.toMatchObject({ code: 'host_busy', retryAfterMs: 17_000 });
  });

  it('are not put off when a call waits for them, but counted', async () => {
    const { connects, counted } = counting(async () => ({ wait_s: 17, at_once: 20 }));
    await Promise.all(times(40, () => connects.admit(connect, true)));
    await expect.poll(() => counted).toEqual([[NAMES, 200]]);
  });

  it('go on when the database fails, or does not answer', async () => {
    for (const count of [async () => Promise.reject(new Error('away')), () => new Promise<never>(() => {})]) {
      const { connects } = counting(count);
      await Promise.all(times(10, () => connects.admit(connect, false)));
      await connects.admit(connect, false);
    }
  });

  it('to one host are ten at once, of servers that hang too', async () => {
    const { connects } = counting();
    let hanging = 0;
    const end = Promise.withResolvers<void>();
    const hang = async () => {
      await connect();
      hanging += 1;
      await end.promise;
    };
    const outcomes = settled(times(12, () => connects.admit(hang, false)));
    await expect.poll(() => hanging).toBe(10);
    // Longer than others wait for a place.
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    expect(hanging).toBe(10);
    end.resolve();
    expect((await outcomes).filter((outcome) => outcome === 'host_busy')).toHaveLength(2);
  });
});
