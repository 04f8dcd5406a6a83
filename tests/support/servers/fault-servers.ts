import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FaultServer {
  url: string;
  close(): Promise<void>;
}

export async function startFaultServer(listener: RequestListener): Promise<FaultServer> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Shows a page to everybody. */
export const webPage: RequestListener = (_request, response) => {
  response.setHeader('content-type', 'text/html').end('<!doctype html><title>Welcome</title>');
};

/** Knows no such path. */
export const nothingHere: RequestListener = (_request, response) => {
  response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found');
};

/** Takes the request and never answers. */
export const silence: RequestListener = () => undefined;

/** Begins an answer and never ends it. */
export const halfAnAnswer: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).write('{"jsonrpc":"2.0",');
};

/** Protects itself against DNS rebinding, as Playwright MCP does behind a tunnel. */
export const otherHostsOnly: RequestListener = (_request, response) => {
  response.writeHead(403, { 'content-type': 'text/plain' }).end('Access is only allowed at localhost:8931');
};

/** Redirects in a way that would turn a POST into a GET. */
export const movedAway: RequestListener = (_request, response) => {
  response.writeHead(301, { location: '/new/mcp' }).end();
};

/** Compresses with a coding that nobody asked for. */
export const oddlyCompressed: RequestListener = (_request, response) => {
  response
    .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'compress' })
    .end(Buffer.from([0x1f, 0x9d, 0x90, 0xff]));
};

/** Says that it is JSON. */
export const garbage: RequestListener = (_request, response) => {
  response.setHeader('content-type', 'application/json').end('\u0000\u0001 not json {{{');
};

/** JSON, but of another kind. */
export const otherJson: RequestListener = (_request, response) => {
  response.setHeader('content-type', 'application/json').end('{"hello":"world"}');
};

/** More than anybody wants to read. */
export const tenMegabytes: RequestListener = (_request, response) => {
  response.setHeader('content-type', 'application/json').end(`{"padding":"${'x'.repeat(10_000_000)}"}`);
};

/** Fails at everything. */
export const failure: RequestListener = (_request, response) => {
  response.writeHead(500, { 'content-type': 'text/plain' }).end('Internal Server Error');
};
