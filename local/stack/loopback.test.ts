import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isFromThisMachine } from './loopback.ts';

describe('a request from this machine', () => {
  it.each([
    ['127.0.0.1:4100', undefined],
    ['localhost', 'http://localhost:3000'],
    ['LOCALHOST:4100', 'http://127.0.0.1:4100'],
    ['[::1]:4100', 'http://[::1]:4100'],
    ['127.0.0.53', 'https://localhost'],
  ])('is accepted with Host %s and Origin %s', (host, origin) => {
    expect(isFromThisMachine(host, origin)).toBe(true);
  });

  it.each([
    [undefined, undefined],
    ['', undefined],
    ['rebound.example:4100', undefined],
    ['rebound.example', 'http://rebound.example'],
    ['localhost.evil.example', undefined],
    ['evil.localhost.example', undefined],
    ['127.0.0.1.evil.example', undefined],
    ['127.0.0.1.nip.io:4100', undefined],
    ['localhost:80@evil.example', undefined],
    ['localhost:80, evil.example', undefined],
    ['localhost\nevil.example', undefined],
    ['0.0.0.0:4100', undefined],
    ['192.168.1.2:4100', undefined],
    ['[::]:4100', undefined],
    ['127.0.0.1:4100', 'http://rebound.example:4100'],
    ['127.0.0.1:4100', 'null'],
    ['127.0.0.1:4100', ''],
    ['127.0.0.1:4100', 'http://localhost.evil.example'],
    ['127.0.0.1:4100', 'http://localhost:80@evil.example'],
    ['127.0.0.1:4100', 'http://localhost, http://evil.example'],
    ['127.0.0.1:4100', 'chrome-extension://localhost'],
  ])('is refused with Host %s and Origin %s', (host, origin) => {
    expect(isFromThisMachine(host, origin)).toBe(false);
  });
});

const UNKNOWN = `
  import { createServer } from 'node:http';
  const server = createServer((request, response) => response.end('secret'));
  server.on('upgrade', (request, socket) => socket.end('HTTP/1.1 101 Switching Protocols\\r\\n\\r\\nsecret'));
  server.on('connect', (request, socket) => socket.end('HTTP/1.1 200 OK\\r\\n\\r\\nsecret'));
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

describe('a process that loads the loopback guard', () => {
  const guard = new URL('./loopback-guard.ts', import.meta.url).href;
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--import', guard, '--input-type=module', '-e', UNKNOWN],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let port = 0;
  beforeAll(async () => {
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    port = Number(line);
  });
  afterAll(() => void child.kill());

  async function ask(lines: string[]): Promise<string> {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.end(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    return answer;
  }
  const upgrade = ['Connection: upgrade', 'Upgrade: websocket'];

  it('answers this machine as before', async () => {
    expect(await ask(['GET / HTTP/1.1', 'Host: localhost'])).toMatch(/^HTTP\/1.1 200 [^]*secret$/);
    expect(await ask(['GET / HTTP/1.1', 'Host: 127.0.0.1:1', 'Origin: http://localhost:3000'])).toMatch(
      /secret$/,
    );
    expect(await ask(['GET / HTTP/1.1', 'Host: localhost', ...upgrade])).toMatch(/ 101 [^]*secret$/);
  });

  it.each([
    ['a rebound name', ['GET / HTTP/1.1', 'Host: rebound.example']],
    ['no name', ['GET / HTTP/1.0']],
    [
      'a page elsewhere',
      ['POST / HTTP/1.1', 'Host: localhost', 'Origin: https://evil.example', 'Content-Length: 0'],
    ],
    [
      'two origins',
      ['GET / HTTP/1.1', 'Host: localhost', 'Origin: http://localhost', 'Origin: http://evil.example'],
    ],
    [
      'a body to come',
      ['POST / HTTP/1.1', 'Host: rebound.example', 'Expect: 100-continue', 'Content-Length: 1'],
    ],
    ['a WebSocket', ['GET / HTTP/1.1', 'Host: localhost', 'Origin: http://evil.example', ...upgrade]],
    ['a rebound WebSocket', ['GET / HTTP/1.1', 'Host: rebound.example', ...upgrade]],
    ['a tunnel', ['CONNECT localhost:80 HTTP/1.1', 'Host: rebound.example']],
  ])('refuses %s', async (_what, lines) => {
    const answer = await ask(lines);
    expect(answer).toMatch(/^HTTP\/1.1 403 /m);
    expect(answer).not.toContain('secret');
    expect(answer).toContain('from this machine only');
  });
});
