import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import postgres from 'postgres';
import * as prettier from 'prettier';
import { readCatalog } from './catalog.ts';
import { functionPaths } from './edge-functions.ts';
import { COMPONENTS, REFUSAL, type Json } from './parts.ts';
import { procedurePaths, tablePaths, tableSchemas, type Descriptions } from './tables.ts';

const ROOT = resolve(import.meta.dirname, '../..');
export const DOCUMENT_FILE = join(ROOT, 'docs/openapi.json');

/**
 * The description as text, formatted as this repository is.
 * @param databaseUrl of a database that has the migrations, with the rights of its owner
 */
export async function describeApi(databaseUrl: string): Promise<string> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined });
  const catalog = await readCatalog(sql).finally(() => sql.end({ timeout: 2 }));
  const descriptions = new Map([...describedTables(), ...describedFunctions()]);
  const document: Json = {
    openapi: '3.1.0',
    info: {
      title: 'Patchbay',
      version: version(),
      description: 'Made by `npm run api:describe`. How to use it: docs/rest.md.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      { url: 'http://127.0.0.1:4101', description: '`npm start`; hosted, the address of the project' },
    ],
    paths: {
      ...tablePaths(catalog, descriptions),
      ...procedurePaths(catalog, descriptions),
      ...functionPaths(),
    },
    components: { ...COMPONENTS, schemas: { Refusal: REFUSAL, ...tableSchemas(catalog) } },
  };
  const config = await prettier.resolveConfig(DOCUMENT_FILE);
  return prettier.format(JSON.stringify(document), { ...config, filepath: DOCUMENT_FILE });
}

function version(): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}

/** The first table of docs/data.md says what a row of each table is. */
function describedTables(): Descriptions {
  const text = readFileSync(join(ROOT, 'docs/data.md'), 'utf8');
  const rows = text.matchAll(/^\| `(\w+)` +\| ([^|]+?) +\|$/gm);
  return new Map([...rows].map(([, name = '', about = '']) => [name, about]));
}

function describedFunctions(): Descriptions {
  const folder = join(ROOT, 'supabase/schemas');
  const found: Descriptions = new Map();
  for (const file of readdirSync(folder).sort()) {
    const text = readFileSync(join(folder, file), 'utf8');
    for (const [, comment = '', name = ''] of text.matchAll(
      /((?:^-- .*\n)+)create function public\.(\w+)\(/gm,
    ))
      found.set(name, comment.replace(/^-- /gm, '').trim().replaceAll('\n', ' '));
  }
  return found;
}
