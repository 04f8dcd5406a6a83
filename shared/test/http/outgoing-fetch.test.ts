import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { SessionMemory } from '../../src/engine/session/session-memory.ts';
import { codeOf, outgoing, serve } from '../support/outgoing.ts';

const key = { method: 'api_key', header: 'X-API-Key', secret: 'secret' } as const;

it('sends the credential to its own origin, and to no other', async () => {
  const other = await serve((_request, response) => response.end('other'));
  const own = await serve((_request, response) =>
    response.writeHead(307, { location: `${other.origin}/moved` }).end(),
  );
  const fetch = outgoing({ credential: { origin: own.origin, credential: key } });
  const response = await fetch(`${own.origin}/mcp`);
  expect([await response.text(), response.url]).toEqual(['other', `${other.origin}/moved`]);
  expect(own.seen[0]?.headers).toMatchObject({ 'x-api-key': 'secret' });
  expect(other.seen[0]?.url).toBe('/moved');
  expect(other.seen[0]?.headers).not.toHaveProperty('x-api-key');
});

it('keeps the credential over a redirect within the origin, and the body where the status says so', async () => {
  const bodies: string[] = [];
  const own = await serve((request, response) => {
    if (request.url === '/mcp') {
      response.writeHead(308, { location: '/mcp/' }).end();
      return;
    }
    request.on('data', (chunk: Buffer) => bodies.push(String(chunk)));
    request.on('end', () => response.end('done'));
  });
  const fetch = outgoing({ credential: { origin: own.origin, credential: key } });
  await (await fetch(`${own.origin}/mcp`, { method: 'POST', body: '{}' })).text();
  expect(own.seen.at(-1)).toMatchObject({ url: '/mcp/', headers: { 'x-api-key': 'secret' } });
  expect(bodies).toEqual(['{}']);
});

it('does not turn a POST into a GET, nor run in circles', async () => {
  const own = await serve((request, response) => response.writeHead(302, { location: request.url }).end());
  const fetch = outgoing();
  expect((await fetch(`${own.origin}/mcp`, { method: 'POST', body: '{}' })).status).toBe(302);
  expect((await fetch(`${own.origin}/mcp`)).status).toBe(302);
  expect(own.seen).toHaveLength(1 + 6);
});

it('judges where a redirect leads', async () => {
  const own = await serve((_request, response) =>
    response.writeHead(307, { location: 'http://169.254.169.254/latest/meta-data' }).end(),
  );
  expect(await codeOf(outgoing()(`${own.origin}/mcp`))).toBe('blocked_address');
});

it('judges what a name resolves to when it connects, however often the answer changes', async () => {
  const own = await serve((_request, response) => response.writeHead(200, { connection: 'close' }).end('in'));
  const answers = ['127.0.0.1', '169.254.169.254', '127.0.0.1'];
  const fetch = outgoing({
    resolve: () => Promise.resolve([{ address: answers.shift() ?? '0.0.0.0', family: 4 }]),
  });
  const url = `http://rebinding.example:${own.port}/`;
  const read = async () => (await fetch(url)).text();
  expect(await codeOf(read())).toBe('ok');
  expect(await codeOf(read())).toBe('blocked_address');
  expect(await codeOf(read())).toBe('ok');
  expect(own.seen).toHaveLength(2);
});

it('keeps the session id and the cookies of each origin for that origin', async () => {
  const set = (id: string) => ({ 'mcp-session-id': id, 'set-cookie': `route=${id}; Path=/` });
  const other = await serve((_request, response) => response.writeHead(200, set('of-other')).end());
  const own = await serve((_request, response) =>
    response.writeHead(307, { ...set('of-own'), location: `${other.origin}/moved` }).end(),
  );
  const fetch = outgoing({ memory: new SessionMemory() });
  for (let round = 0; round < 2; round += 1) await (await fetch(`${own.origin}/mcp`)).text();
  // A redirect assigns no session.
  expect(own.seen[1]?.headers).not.toHaveProperty('mcp-session-id');
  expect(own.seen[1]?.headers.cookie).toBe('route=of-own');
  expect(other.seen[1]?.headers).toMatchObject({ 'mcp-session-id': 'of-other', cookie: 'route=of-other' });
});

describe('compression', () => {
  it('is not asked for, and undone where a server applies it anyway', async () => {
    const own = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"ok":true}')),
    );
    const response = await outgoing()(own.origin);
    expect(await response.text()).toBe('{"ok":true}');
    expect([...response.headers.keys()]).not.toContain('content-encoding');
    expect(own.seen[0]?.headers['accept-encoding']).toBe('identity');
  });

  it.each(['gzip', 'utf-8', 'br', 'compress'])('of nothing (%s) is nothing', async (coding) => {
    const own = await serve((_request, response) =>
      response.writeHead(202, { 'content-encoding': coding }).end(),
    );
    expect(await (await outgoing()(own.origin)).text()).toBe('');
  });

  it.each([
    ['gzip', gzipSync],
    ['br', (bytes: Buffer) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
  ])('does not get past the limit: a bomb (%s) is read no further than that', async (coding, compress) => {
    const bomb = compress(Buffer.alloc(100 * 1024 * 1024, ' '));
    expect(bomb.length).toBeLessThan(1024 * 1024);
    const own = await serve((request, response) => {
      const type = request.url === '/stream' ? 'text/event-stream' : 'application/json';
      response.writeHead(200, { 'content-type': type, 'content-encoding': coding }).end(bomb);
    });
    for (const path of ['/whole', '/stream']) {
      const before = process.memoryUsage().arrayBuffers;
      const response = await outgoing()(`${own.origin}${path}`);
      expect(await codeOf(response.text())).toBe('response_too_large');
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
    }
  });

  it('that nobody can undo is named, and so is damage to the body', async () => {
    const own = await serve((request, response) => {
      const coding = request.url === '/odd' ? 'compress' : 'gzip';
      response.writeHead(200, { 'content-encoding': coding }).end(Buffer.from([0x1f, coding === 'gzip' ? 0x8b : 0x9d, 8, 0xff, 0xff, 0xff])); // prettier-ignore
    });
    await expect(outgoing()(`${own.origin}/odd`)).rejects.toMatchObject({
      code: 'unreadable_compression',
      message: expect.stringContaining('compress') as string,
    });
    const damaged = await outgoing()(`${own.origin}/damaged`);
    expect(await codeOf(damaged.text())).toBe('unreadable_compression');
  });
});

it('lets an event stream be long only for a caller that limits its events', async () => {
  const line = `data: ${'x'.repeat(1024 * 1024)}\n\n`;
  const own = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let i = 0; i < 9; i += 1) response.write(line);
    response.end();
  });
  expect((await (await outgoing({ readsEvents: true })(own.origin)).text()).length).toBe(9 * line.length);
  const others = await outgoing()(own.origin);
  expect(await codeOf(others.text())).toBe('response_too_large');
});

it('stops when aborted, before and after the response', async () => {
  const own = await serve((request, response) => {
    if (request.url === '/started') response.write('some');
  });
  const fetch = outgoing();
  const before = new AbortController();
  const request = codeOf(fetch(own.origin, { signal: before.signal }));
  before.abort();
  expect(await request).toBe('cancelled');
  const after = new AbortController();
  const response = await fetch(`${own.origin}/started`, { signal: after.signal });
  const text = codeOf(response.text());
  after.abort();
  expect(await text).toBe('cancelled');
});

it('leaves a redirect to whoever wants to see it', async () => {
  const own = await serve((_request, response) => response.writeHead(307, { location: '/elsewhere' }).end());
  const response = await outgoing()(`${own.origin}/token`, { method: 'POST', body: '', redirect: 'manual' });
  expect([response.status, own.seen.length]).toEqual([307, 1]);
});
