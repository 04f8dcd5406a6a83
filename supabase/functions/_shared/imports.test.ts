/** A hosted function finds a package only through its own deno.json. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const functions = resolve(import.meta.dirname!, '..');
const root = resolve(functions, '../..');

function packagesOf(entry: string): Set<string> {
  const packages = new Set<string>();
  const seen = new Set<string>();
  const queue = [entry];
  for (let file = queue.pop(); file; file = queue.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const [, always, sometimes] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|export)\s(?!type\s)[^;]*?from '([^']+)';|\bimport\('([^']+)'\)/gm,
    )) {
      const specifier = always ?? sometimes ?? '';
      if (specifier.startsWith('.')) queue.push(resolve(dirname(file), specifier));
      else if (!specifier.startsWith('node:'))
        packages.add(/^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier);
    }
  }
  return packages;
}

function installedVersion(name: string): string {
  return JSON.parse(readFileSync(`${root}/node_modules/${name}/package.json`, 'utf8')).version;
}

for (const name of readdirSync(functions).filter((folder) => existsSync(`${functions}/${folder}/index.ts`))) {
  Deno.test(
    `${name}: deno.json lists what the function imports, at the versions that are tested here`,
    () => {
      const { imports } = JSON.parse(readFileSync(`${functions}/${name}/deno.json`, 'utf8'));
      const expected = [...packagesOf(`${functions}/${name}/index.ts`)].map((used) => [
        used,
        `npm:${used}@${installedVersion(used)}`,
      ]);
      assert.deepEqual(imports, Object.fromEntries(expected));
    },
  );
}
