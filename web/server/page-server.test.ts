import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { createOutputServer } from './build-output.ts';
import { compress } from './compression.ts';
import { createPageServer, publicAddress } from './page-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'patchbay-output-'));
const put = (file: string, content: string): void => {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), content);
};
put(
  'config.json',
  JSON.stringify({ version: 3, routes: [{ handle: 'filesystem' }, { src: '/.*', dest: '/page' }] }),
);
put('static/a.js', 'let a;');
put('secret.txt', 'not for the web');
put('functions/real.func/.vc-config.json', JSON.stringify({ handler: 'index.js', runtime: 'nodejs24.x' }));
put(
  'functions/real.func/index.js',
  `export default { fetch: async (request) =>
    new Response(request.method + ' ' + new URL(request.url).pathname + ' ' + request.headers.get('x-forwarded-for') +
      ' ' + (await request.text())) };`,
);
put('functions/real.func/package.json', '{"type":"module"}');
symlinkSync('real.func', join(folder, 'functions/page.func'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const serve = createOutputServer(folder);
const get = (path: string, init?: RequestInit) =>
  serve(new Request(`http://127.0.0.1:4100${path}`, init), '127.0.0.1');

describe('the page server', () => {
  it('serves a file with its type, and answers 304 to a browser that has it', async () => {
    const first = await get('/a.js');
    expect(first.headers.get('content-type')).toContain('javascript');
    expect(await first.text()).toBe('let a;');
    const etag = first.headers.get('etag') ?? '';
    expect((await get('/a.js', { headers: { 'if-none-match': etag } })).status).toBe(304);
    expect((await get('/a.js', { method: 'POST', body: '1' })).status).toBe(405);
  });

  it('compresses what the edge of Vercel compresses when the client asks for it, but no streams of lines', async () => {
    const asked = { headers: { 'accept-encoding': 'gzip, br' } };
    const file = await get('/a.js', asked);
    expect(file.headers.get('content-encoding')).toBe('gzip');
    expect(file.headers.get('vary')).toContain('accept-encoding');
    expect(gunzipSync(await file.bytes()).toString()).toBe('let a;');
    const request = new Request('http://127.0.0.1/', asked);
    const lines = new Response('{}\n', { headers: { 'content-type': 'application/x-ndjson' } });
    expect(compress(request, lines)).toBe(lines);
  });

  it('hands everything else to the function, with the body and the address of the caller', async () => {
    const response = await get('/servers/new', {
      method: 'POST',
      body: 'name=x',
      headers: { 'x-forwarded-for': '6.6.6.6' },
    });
    expect(await response.text()).toBe('POST /servers/new 127.0.0.1 name=x');
  });

  it.each([
    ['/servers?q=1', '/servers?q=1'],
    ['//evil.example/sign-in?/signIn', '//evil.example/sign-in?/signIn'],
    ['/\\evil.example', '//evil.example'],
  ])('takes %s for a path of the page', (path, kept) => {
    const { href } = publicAddress(`http://10.0.0.1:4100${path}`, 'https://patchbay.example/');
    expect(href).toBe(`https://patchbay.example${kept}`);
  });

  it('never leaves the folder of the static files', async () => {
    for (const path of ['/..%2fsecret.txt', '/%2e%2e/secret.txt', '/..%5csecret.txt']) {
      expect(await (await get(path)).text()).not.toContain('not for the web');
    }
  });

  it.each(['/%ff', '/%E0%A4%A', '/%', '/%zz', '/servers/%00', '/a.js%00', '/%00', '/_app/%2e%2e/%00'])(
    'answers 400 to %s, which is no path',
    async (path) => {
      expect((await get(path)).status).toBe(400);
    },
  );

  it.each([`/${'a'.repeat(5_000)}`, `/${'a/'.repeat(3_000)}`, '/a.js/b', '/%0a', '/%2e%2e%2f%2e%2e'])(
    'survives a path that no file can have',
    async (path) => {
      expect([200, 404]).toContain((await get(path)).status);
    },
  );
});

it('the server waits 15 s for headers and a minute for a request', () => {
  const { headersTimeout, requestTimeout } = createPageServer(folder);
  expect({ headersTimeout, requestTimeout }).toEqual({ headersTimeout: 15_000, requestTimeout: 60_000 });
});

it('the server cuts off a client that sends its headers too slowly', async () => {
  const server = createPageServer(folder);
  server.headersTimeout = 100;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('GET /a.js HTTP/1.1\r\nHost: x\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1.1 408 /);
  server.close();
}, 15_000);
