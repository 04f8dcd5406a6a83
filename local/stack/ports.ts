import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

// get-port and portfinder find single TCP ports: a block must be free as a whole, including its UDP port.

const LOOPBACK = '127.0.0.1';
const OFFSETS = {
  web: 0,
  supabase: 1,
  postgres: 2,
  functions: 3,
  livekit: 4,
  livekitUdp: 6,
  model: 7,
  worker: 8,
  monitor: 9,
  clock: 11,
  notes: 12,
  everything: 13,
} as const;

export type PortName = keyof typeof OFFSETS;
export type Ports = Record<PortName, number>;

export const DEFAULT_PORT_BASE = 4100;
const BLOCK_STEP = 20;
const BLOCKS_TRIED = 40;

/** Returns the block that starts at `base`. */
export function portsFrom(base: number): Ports {
  const entries = Object.entries(OFFSETS).map(([name, offset]) => [name, base + offset]);
  return Object.fromEntries(entries) as Ports;
}

/**
 * Reads PATCHBAY_PORT_BASE.
 * @returns undefined if it is not set
 * @throws RangeError if it is not a whole number from 1024 to 65000
 */
export function readPortBase(value: string | undefined): number | undefined {
  if (value === undefined || value === '') return undefined;
  const base = Number(value);
  if (!Number.isInteger(base) || base < 1024 || base > 65_000) {
    throw new RangeError(`PATCHBAY_PORT_BASE must be a whole number from 1024 to 65000, not "${value}"`);
  }
  return base;
}

export interface TakenPort {
  name: PortName;
  port: number;
}

/** Returns the first port of the block that is in use, or null. */
export async function findTakenPort(
  ports: Ports,
  isFree: (name: PortName, port: number) => Promise<boolean> = isPortFree,
): Promise<TakenPort | null> {
  for (const [name, port] of Object.entries(ports) as [PortName, number][]) {
    if (!(await isFree(name, port))) return { name, port };
  }
  return null;
}

export type BlockChoice = { base: number; skipped: { base: number; taken: TakenPort }[] };

/**
 * Finds the first free block from `from`.
 * @throws Error if none of the next forty is free
 */
export async function findFreeBlock(
  from: number,
  isFree: (name: PortName, port: number) => Promise<boolean> = isPortFree,
): Promise<BlockChoice> {
  const skipped: BlockChoice['skipped'] = [];
  for (let base = from; base < from + BLOCKS_TRIED * BLOCK_STEP; base += BLOCK_STEP) {
    const taken = await findTakenPort(portsFrom(base), isFree);
    if (!taken) return { base, skipped };
    skipped.push({ base, taken });
  }
  throw new Error(`No free block of ports from ${from}. Choose another with PATCHBAY_PORT_BASE.`);
}

async function isPortFree(name: PortName, port: number): Promise<boolean> {
  return name === 'livekitUdp' ? canBindUdp(port) : canListen(port);
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function canBindUdp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind({ port, address: LOOPBACK, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}
