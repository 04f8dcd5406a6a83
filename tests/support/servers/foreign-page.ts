import { connect } from 'node:net';
import type { Ports } from '../../../local/stack/ports.ts';
import type { Stack } from '../../../local/stack/stack-file.ts';

/** Postgres doesn't speak HTTP, and LiveKit's own server is an exception: SECURITY.md. */
const HTTP_PARTS = [
  ['web', '/'],
  ['supabase', '/health'],
  ['supabase', '/rest/v1/'],
  ['supabase', '/auth/v1/health'],
  ['supabase', '/inbox'],
  ['supabase', '/functions/v1/voice-token'],
  ['supabase', '/realtime/v1/websocket'],
  ['functions', '/voice-token'],
  ['model', '/health'],
  ['worker', '/'],
  ['monitor', '/'],
  ['monitor', '/metrics'],
  ['clock', '/mcp'],
  ['notes', '/mcp'],
  ['everything', '/mcp'],
] as const satisfies [keyof Ports, string][];

/** Those that run: without a LiveKit server there is no worker. */
export function runningParts({ worker_url }: Stack): (typeof HTTP_PARTS)[number][] {
  return HTTP_PARTS.filter(([part]) => part !== 'worker' || worker_url !== undefined);
}

const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: eA==',
];
/** Host and Origin as a browser sends them; PORT stands for the port of the part. */
export const REFUSED: [what: string, lines: string[]][] = [
  ['a rebound name', ['Host: rebound.example:PORT']],
  ['a page of a rebound name', ['Host: rebound.example:PORT', 'Origin: http://rebound.example:PORT']],
  ['the address of all interfaces', ['Host: 0.0.0.0:PORT']],
  ['a page of another site', ['Host: 127.0.0.1:PORT', 'Origin: https://evil.example']],
  ['a page without an origin', ['Host: localhost:PORT', 'Origin: null']],
  ['a WebSocket of another site', ['Host: 127.0.0.1:PORT', 'Origin: https://evil.example', ...UPGRADE]],
];

/** Status of a GET with exactly these header lines, which fetch would not send; 0 where the connection is closed. */
export async function statusOf(port: number, path: string, lines: string[]): Promise<number> {
  const head = [`GET ${path} HTTP/1.1`, ...lines].map((line) => line.replaceAll('PORT', String(port)));
  const socket = connect({ port, host: '127.0.0.1' });
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  try {
    for await (const chunk of socket) return Number(/^HTTP\/1.1 (\d+)/.exec(String(chunk))?.[1]);
    return 0;
  } finally {
    socket.destroy();
  }
}
