/** `npm run bundle:functions -- <folder>`: a self-hosted edge runtime has neither `shared/` nor our packages. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readExpected } from '../doctor/subject.ts';
import { runTool } from '../../local/processes/tool.ts';
import { findDeno } from '../../local/supabase/deno.ts';
import { NODE_GLOBALS } from './node-globals.ts';

const ROOT = join(import.meta.dirname, '../..');

/**
 * @param root the repository, or a copy of what of it the functions need
 * @returns the size of each bundle in bytes, by name of the function
 * @throws Error with what Deno said when it could not bundle them
 */
export async function bundleFunctions(root: string, folder: string): Promise<Record<string, number>> {
  const names = readExpected().functions;
  const flags = ['--quiet', '--no-remote', '--no-lock', '--node-modules-dir=manual', '--platform', 'deno'];
  const entries = names.map((name) => `supabase/functions/${name}/index.ts`);
  const { code, output } = await runTool({
    command: findDeno(),
    args: ['bundle', ...flags, '--outdir', folder, ...entries],
    cwd: root,
    env: { ...process.env, DENO_DIR: join(ROOT, '.local/deno'), DENO_NO_UPDATE_CHECK: '1' },
  });
  if (code !== 0) throw new Error(`Deno could not bundle the functions:\n${output}`);
  const sizes = names.map(async (name) => {
    const bundle = join(folder, name, 'index.js');
    const text = NODE_GLOBALS + (await readFile(bundle, 'utf8'));
    // Edge runtimes look for the source's file name.
    await writeFile(join(folder, name, 'index.ts'), text);
    await rm(bundle);
    return [name, Buffer.byteLength(text)] as const;
  });
  return Object.fromEntries(await Promise.all(sizes));
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) {
    console.error('Name the folder that the bundles go into.');
    process.exitCode = 2;
  } else {
    const sizes = await bundleFunctions(ROOT, resolve(folder));
    for (const [name, bytes] of Object.entries(sizes)) console.log(`${(bytes / 1e6).toFixed(1)} MB  ${name}`);
  }
  if (process.connected) process.disconnect();
}
