import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { findFreeBlock, findTakenPort, portsFrom, readPortBase } from './ports.ts';

describe('ports', () => {
  it('gives every service its own port of the block', () => {
    const ports = portsFrom(4100);
    expect(ports).toMatchObject({ web: 4100, supabase: 4101, livekit: 4104, model: 4107, clock: 4111 });
    expect(new Set(Object.values(ports)).size).toBe(Object.keys(ports).length);
  });

  it('reads PATCHBAY_PORT_BASE and rejects what is not a port', () => {
    expect(readPortBase(undefined)).toBeUndefined();
    expect(readPortBase('')).toBeUndefined();
    expect(readPortBase('5200')).toBe(5200);
    for (const wrong of ['abc', '80', '70000', '4100.5'])
      expect(() => readPortBase(wrong)).toThrow(RangeError);
  });

  it('names the port that is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const ports = { ...portsFrom(61_000), model: port };
    const taken = await findTakenPort(ports, undefined);
    other.close();
    expect(taken).toEqual({ name: 'model', port });
  });

  it('skips blocks in use and returns which port was taken', async () => {
    const isFree = async (_name: string, port: number): Promise<boolean> => port !== 4101 && port !== 4133;
    expect(await findFreeBlock(4100, isFree)).toEqual({
      base: 4140,
      skipped: [
        { base: 4100, taken: { name: 'supabase', port: 4101 } },
        { base: 4120, taken: { name: 'everything', port: 4133 } },
      ],
    });
  });

  it('throws if no block is free', async () => {
    await expect(findFreeBlock(4100, async () => false)).rejects.toThrow('PATCHBAY_PORT_BASE');
  });
});
