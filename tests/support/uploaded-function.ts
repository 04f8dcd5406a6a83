/** Runs one upload as hosted Supabase does: with its own import map, on the hosted Deno version. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { findHostedDeno } from '../../local/supabase/deno.ts';

const ImportMap = z.object({ imports: z.record(z.string(), z.string()) });
const OFFLINE = ['--no-remote', '--no-lock', '--no-check', '--no-prompt', '--node-modules-dir=manual'];

export interface ServedFunction {
  url: string;
  stop(): Promise<void>;
}

/**
 * @param folder what was uploaded, and `node_modules`; one function of it runs at a time
 * @throws Error with what Deno said when the function doesn't boot
 */
export async function serveUploaded(
  folder: string,
  name: string,
  env: Record<string, string>,
): Promise<ServedFunction> {
  const importMap = `supabase/functions/${name}/deno.json`;
  const { imports } = ImportMap.parse(JSON.parse(await readFile(join(folder, importMap), 'utf8')));
  // Hosted Supabase fetches these packages; offline, Deno finds installed ones only through a manifest.
  const wanted = Object.entries(imports).map(([bare, specifier]) => [bare, specifier.split('@').at(-1)]);
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ dependencies: Object.fromEntries(wanted) as Record<string, string> }),
  );
  const address = ['--host', '127.0.0.1', '--port', '0'];
  const rights = ['--allow-net', '--allow-env', '--allow-read'];
  const child = spawn(
    findHostedDeno(),
    [
      'serve',
      ...address,
      ...OFFLINE,
      ...rights,
      '--config',
      importMap,
      `supabase/functions/${name}/index.ts`,
    ],
    {
      cwd: folder,
      env: { ...env, PATH: process.env['PATH'], DENO_DIR: join(folder, '.deno'), NO_COLOR: '1' },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const ended = once(child, 'exit');
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      output += `${line}\n`;
      const listening = /Listening on (\S+?)\/?$/.exec(line)?.[1];
      if (listening !== undefined) resolve(listening);
    });
    void ended.then(() => reject(new Error(`${name} did not boot:\n${output}`)));
  });
  return {
    url,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
