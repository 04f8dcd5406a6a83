// `node health-servers.ts <count> [port]` sends the servers' addresses once all listen, and answers each message with what
// it saw since the last one.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveSessions } from '../engine/session-handler.ts';

export interface Seen {
  servers: number;
  again: number;
  connections: number;
  /** Time of the first probe on the wall clock. */
  firstAt: number | null;
  /** The shortest time between two probes of one server; null if none had two. */
  soonestMs: number | null;
}

const [count = 1, port = 0] = process.argv.slice(2).map(Number);
const listening: Server[] = [];
const probes: number[][] = Array.from({ length: count }, () => []);

async function listen(server: number): Promise<string> {
  const handle = serveSessions(
    () => ({ content: [] }),
    () => probes[server]?.push(Date.now()),
  );
  const http = createServer(
    (request, response) => void handle(request, response).catch(() => response.destroy()),
  );
  listening.push(http);
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
}

const urls = await Promise.all(probes.map((_, server) => listen(server)));
async function countConnections(): Promise<number> {
  const counts = await Promise.all(
    listening.map(
      (http) => new Promise<number>((resolve) => http.getConnections((_, count) => resolve(count))),
    ),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

process.on('message', () => void answer());

async function answer(): Promise<void> {
  const gaps = probes.flatMap((times) => times.slice(1).map((at, index) => at - (times[index] ?? 0)));
  const seen: Seen = {
    servers: probes.filter((times) => times.length > 0).length,
    again: probes.filter((times) => times.length > 1).length,
    connections: await countConnections(),
    firstAt: probes.flat().reduce<number | null>((first, at) => Math.min(first ?? at, at), null),
    soonestMs: gaps.length > 0 ? Math.min(...gaps) : null,
  };
  for (const times of probes) times.length = 0;
  process.send?.(seen);
}
process.on('disconnect', () => process.exit());
process.send?.({ urls });
