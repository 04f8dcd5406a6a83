/** Unmodified, the server listens on every address; here it listens on loopback only, on `PORT`. */
import { Server } from 'node:net';

type Listen = (this: Server, options: { port: number; host: string }, listener: () => void) => Server;
const { listen } = Server.prototype as { listen: Listen };

Server.prototype.listen = function (this: Server, port: string | number, listener: () => void) {
  return listen.call(this, { port: Number(port), host: '127.0.0.1' }, listener);
} as Server['listen'];

// The package handles only SIGINT, which closes open streams.
process.once('SIGTERM', () => process.emit('SIGINT'));

// @ts-expect-error -- the package has no types; it is run, not called.
await import('@modelcontextprotocol/server-everything/dist/transports/streamableHttp.js');
