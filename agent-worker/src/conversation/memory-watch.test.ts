import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

/** A process that grows by 10 MB every 20 ms and ends when the watch tells it to. */
const GROWING = `
const { MemoryWatch } = await import(${JSON.stringify(join(import.meta.dirname, 'memory-watch.ts'))});
new MemoryWatch({ limitBytes: 150 * 2 ** 20, onTooMuch: (used) => {
  console.log(Math.round(used / 2 ** 20));
  process.exit(7);
} }).start();
const held = [];
setInterval(() => held.push(Buffer.alloc(10 * 2 ** 20, 1)), 20);
setTimeout(() => process.exit(1), 3_000);
`;

it('a process that grows hears of it once it has reached its limit', { timeout: 20_000 }, async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', GROWING], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect(code).toBe(7);
  expect(Number(said)).toBeGreaterThan(150);
});
