/**
 * The reference server `@modelcontextprotocol/server-everything`, unmodified, on the port in `PORT`. It listens on
 * every address of the machine when left to itself; here its one server is held to loopback.
 */
import { Server } from 'node:net';

type Listen = (this: Server, options: { port: number; host: string }, listener: () => void) => Server;
const { listen } = Server.prototype as { listen: Listen };

Server.prototype.listen = function (this: Server, port: string | number, listener: () => void) {
  return listen.call(this, { port: Number(port), host: '127.0.0.1' }, listener);
} as Server['listen'];

// SIGTERM has no handler in the package, so that it would die with open streams cut; SIGINT closes them.
process.once('SIGTERM', () => process.emit('SIGINT'));

// @ts-expect-error -- the package brings no types; it is run, not called.
await import('@modelcontextprotocol/server-everything/dist/transports/streamableHttp.js');
