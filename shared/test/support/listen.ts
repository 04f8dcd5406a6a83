import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestServer {
  /** `http://127.0.0.1:<port>/mcp` */
  url: string;
  port: number;
  /** Sockets that are open now. */
  connections(): Promise<number>;
  /** As a killed process: sockets are cut in the middle of what they do. */
  stop(): Promise<void>;
}

/** Serves on loopback; port 0 takes any. */
export async function listen(handler: RequestListener, port = 0): Promise<TestServer> {
  const server = createServer(handler);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}/mcp`,
    port: bound,
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
      }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Polls until the condition holds; fails with its name when it doesn't. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 5_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A JSON-RPC message as far as a fault reads it. */
export interface SeenMessage {
  method?: string;
  id?: string | number;
}

/** Gets each request before the server does; true if it answered, or let it hang. */
export type Intercept = (request: IncomingMessage, response: ServerResponse, message: SeenMessage) => boolean;

/** The JSON of a request; undefined where there is none. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? undefined : JSON.parse(text);
}
