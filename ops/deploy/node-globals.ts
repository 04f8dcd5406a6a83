/**
 * The first lines of every bundle. Deno gives npm packages the globals of Node, but inside a bundle a package is code
 * like ours, which gets Deno's own on the hosted Deno version: no `Buffer`, and timers that are numbers, where undici
 * calls `unref`. The names are those that Deno keeps apart: `MANAGED_GLOBALS` in its ext/node/global.rs.
 */
export const NODE_GLOBALS = `import { Buffer as nodeBuffer } from 'node:buffer';
import { performance as nodePerformance } from 'node:perf_hooks';
import * as nodeTimers from 'node:timers';
Object.assign(globalThis, {
  Buffer: nodeBuffer,
  clearImmediate: nodeTimers.clearImmediate,
  clearInterval: nodeTimers.clearInterval,
  clearTimeout: nodeTimers.clearTimeout,
  global: globalThis,
  performance: nodePerformance,
  setImmediate: nodeTimers.setImmediate,
  setInterval: nodeTimers.setInterval,
  setTimeout: nodeTimers.setTimeout,
});
`;
