import type { ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { connect, serveScript } from './support/connect.ts';

it('what a server answers to the end of a session is not read', async () => {
  let written = 0;
  /** Writes as fast as the other side reads. */
  const writeOn = (response: ServerResponse): void => {
    do written += 64 * 1024;
    while (response.write(Buffer.alloc(64 * 1024)));
    response.once('drain', () => writeOn(response));
  };
  const server = await serveScript(({ what, response }) => {
    if (what !== 'DELETE') return false;
    writeOn(response.writeHead(200));
    return true;
  });
  const { connection, ready } = connect(server);
  await ready();
  await connection.close();
  expect(server.seen.DELETE).toBe(1);
  // What the sockets of both sides hold.
  expect(written).toBeLessThan(16 * 2 ** 20);
});
