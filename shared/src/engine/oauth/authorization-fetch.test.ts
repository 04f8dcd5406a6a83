import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '../../contract/errors.ts';
import { withAuthorizationFetch } from './authorization-fetch.ts';

const KB = 1024;
const endings: (() => void)[] = [];
afterEach(() => {
  for (const end of endings.splice(0)) end();
});

/** Answers with one long string in JSON of so many bytes; infinite: it has no end. */
async function serverWith(document: object, bytes: number): Promise<{ url: string; written: () => number }> {
  let written = 0;
  const start = `${JSON.stringify(document).slice(0, -1)},"x":"`;
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write(start);
    written = start.length;
    const writeOn = (): void => {
      while (written + 2 < bytes) {
        const chunk = 'x'.repeat(Math.min(16 * KB, bytes - 2 - written));
        written += chunk.length;
        if (!response.write(chunk)) return void response.once('drain', writeOn);
      }
      response.end('"}');
    };
    writeOn();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  endings.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, written: () => written };
}

const form = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
const REQUESTS = {
  metadata: { init: {}, document: { resource: 'https://mcp.example' }, maxBytes: 256 * KB, status: 200 },
  registration: {
    init: { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"redirect_uris":[]}' },
    document: { client_id: 'a', redirect_uris: ['https://page.example'] },
    maxBytes: 64 * KB,
    status: 201,
  },
  tokens: {
    init: { method: 'POST', headers: form, body: 'grant_type=refresh_token' },
    document: { access_token: 'a', token_type: 'Bearer' },
    maxBytes: 64 * KB,
    status: 200,
  },
};

/** What the SDK gets, or the error below its own kind of error. */
const ask = (url: string, init: RequestInit): Promise<unknown> =>
  withAuthorizationFetch({ policy: 'local', timeoutMs: 5_000 }, (fetch) => fetch(url, init)).then(
    ({ status }) => status,
    (error: Error) => error.cause,
  );

describe.each(Object.entries(REQUESTS))('the answer with %s', (_, { init, document, maxBytes, status }) => {
  it('is read up to its limit', async () => {
    const { url } = await serverWith(document, maxBytes);
    expect(await ask(url, init)).toBe(status);
  });

  it('is refused beyond it', async () => {
    const { url } = await serverWith(document, maxBytes + 1);
    expect(await ask(url, init)).toEqual(new AppError('response_too_large'));
  });

  it('is not read on when it has no end', async () => {
    const { url, written } = await serverWith(document, Infinity);
    expect(await ask(url, init)).toEqual(new AppError('response_too_large'));
    // What the sockets of both sides hold.
    expect(written()).toBeLessThan(16 * KB * KB);
  });
});
