/** What a bad server, or what stands before it, may do to one request. */
import type { ServerResponse } from 'node:http';

const DRIP_MS = 5;

type Fault = (response: ServerResponse) => void;

const answer =
  (status: number, type: string, body: string, headers: Record<string, string> = {}): Fault =>
  (response) =>
    void response.writeHead(status, { 'content-type': type, ...headers }).end(body);

/** Begins an answer, and cuts the socket in the middle of it. */
const half =
  (type: string, body: string, headers: Record<string, string> = {}): Fault =>
  (response) => {
    response.writeHead(200, { 'content-type': type, ...headers });
    response.write(body, () => response.destroy());
  };

export const FAULTS = {
  'refuses the credential (401)': answer(401, 'text/plain', 'who are you?'),
  'forbids it (403)': answer(403, 'text/plain', 'not you'),
  'limits us (429, Retry-After)': answer(429, 'text/plain', 'slow down', { 'retry-after': '7' }),
  'is overloaded (503)': answer(503, 'text/plain', 'later'),
  'fails (500)': answer(500, 'text/plain', 'oops'),
  'cuts the socket': (response) => void response.destroy(),
  'sends half a response': half('application/json', '{"jsonrpc":"2.0",', { 'content-length': '1000' }),
  'sends half an event': half('text/event-stream', 'data: {"jsonrpc":"2.0",'),
  'sends garbage': answer(200, 'application/json', '\u0001\u0002{{{'),
  'sends JSON that is no JSON-RPC': answer(200, 'application/json', '{"hello":1}'),
  'sends a page instead (wrong content type)': answer(200, 'text/html', '<html>'),
  'sends 100 MB': (response) => {
    const chunk = Buffer.alloc(64 * 1024, ' ');
    response.writeHead(200, { 'content-type': 'application/json' });
    let left = 1_600;
    const write = () => {
      while (left > 0 && !response.destroyed && response.write(chunk)) left -= 1;
    };
    response.on('drain', write);
    write();
  },
  hangs: () => {},
  'sends its answer drop by drop': (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const drip = setInterval(() => response.write(' '), DRIP_MS);
    response.on('close', () => clearInterval(drip));
  },
} satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;
