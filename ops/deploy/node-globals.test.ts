import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findHostedDeno } from '../../local/supabase/deno.ts';
import { NODE_GLOBALS } from './node-globals.ts';

const PACKAGE = `export const globals = {};
for (const name of Object.getOwnPropertyNames(globalThis)) globals[name] = globalThis[name];`;
const COMPARE = `import { globals } from 'package';
const names = Object.keys(globals).filter((name) => !Object.is(globalThis[name], globals[name]));
console.log(JSON.stringify(names));`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchbay-globals-'));
  const home = join(folder, 'node_modules/package');
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'package.json'), '{"name":"package","type":"module","exports":"./index.js"}');
  await writeFile(join(home, 'index.js'), PACKAGE);
  await writeFile(join(folder, 'package.json'), '{"dependencies":{"package":"*"}}');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function namesThatDiffer(first: string): Promise<unknown> {
  await writeFile(join(folder, 'main.js'), first + COMPARE);
  const flags = ['--no-remote', '--no-lock', '--node-modules-dir=manual', '--allow-read'];
  const env = { ...process.env, DENO_DIR: join(folder, 'deno'), DENO_NO_UPDATE_CHECK: '1' };
  const output = execFileSync(findHostedDeno(), ['run', ...flags, 'main.js'], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  return JSON.parse(output);
}

it('after these lines, a bundle has every global that the hosted Deno version gives to npm packages', async () => {
  expect(await namesThatDiffer('')).toEqual(expect.arrayContaining(['Buffer', 'setTimeout']));
  expect(await namesThatDiffer(NODE_GLOBALS)).toEqual([]);
});
