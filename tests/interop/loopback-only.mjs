// Preloaded into npm servers: most listen on every address, and tests must not expose them to the network.
import { Server } from 'node:net';

const { listen } = Server.prototype;

Server.prototype.listen = function (...args) {
  const [first, ...rest] = args;
  const callback = rest.find((arg) => typeof arg === 'function');
  const isPort = typeof first === 'number' || (typeof first === 'string' && /^\d+$/.test(first));
  if (isPort) return listen.call(this, { port: Number(first), host: '127.0.0.1' }, callback);
  if (typeof first === 'object' && first !== null && 'port' in first)
    return listen.call(this, { ...first, host: '127.0.0.1' }, callback);
  return listen.apply(this, args);
};
