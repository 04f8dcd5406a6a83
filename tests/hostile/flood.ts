import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Protects the test machine from a client without a limit. */
const MOST_BYTES = 512 * 2 ** 20;

/**
 * Sends the same piece over and over, as fast as the client reads, and never ends the response.
 * @returns the bytes that were sent when the client went away, in MB of 2^20 bytes
 */
export async function flood(response: ServerResponse, piece: Uint8Array): Promise<number> {
  let sent = 0;
  function* pieces(): Generator<Uint8Array> {
    while (sent < MOST_BYTES) {
      sent += piece.length;
      yield piece;
    }
  }
  await pipeline(Readable.from(pieces(), { highWaterMark: 1 }), response, { end: false }).catch(() => {});
  return sent / 2 ** 20;
}
