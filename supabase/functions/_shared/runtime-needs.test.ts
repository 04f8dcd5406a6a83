import assert from 'node:assert/strict';
import { describeRuntime } from './runtime-needs.ts';

Deno.test('the hosted Deno version lacks nothing that the functions need', async () => {
  assert.deepEqual(await describeRuntime(), { version: Deno.version.deno, lacks: [] });
});

Deno.test('what a runtime lacks is named, be it a global or a module', async () => {
  const { lacks } = await describeRuntime([
    { feature: 'a global', isThere: () => 'doesNotExist' in globalThis },
    { feature: 'a module', isThere: () => Promise.reject(new TypeError('no such module')) },
    { feature: 'fetch', isThere: () => 'fetch' in globalThis },
  ]);
  assert.deepEqual(lacks, ['a global', 'a module']);
});
