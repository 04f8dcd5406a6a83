import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import * as prettier from 'prettier';
import { runSupabaseCli } from './supabase-cli.ts';

const ROOT = resolve(import.meta.dirname, '../..');
export const TYPES_FILE = resolve(ROOT, 'shared/src/contract/schema/database.types.ts');

/** The schema itself: before it the CLI may write notes, behind it come shorthands that nothing here needs. */
const SCHEMA = /export type Json [\s\S]*?(?=\ntype DatabaseWithoutInternals)/;

/**
 * The types of schema `public` as the migrations make it, formatted as this repository is.
 * @param databaseUrl of a database that has the migrations
 * @throws Error with the CLI's own words when it gives none
 */
export async function generateTypes(databaseUrl: string): Promise<string> {
  const generated = await runSupabaseCli(['gen', 'types', `--remote=${databaseUrl}`, '--schema', 'public']);
  const header = '// Made by `npm run db:types` from supabase/migrations. Do not edit.\n';
  const config = await prettier.resolveConfig(TYPES_FILE);
  const schema = SCHEMA.exec(generated)?.[0];
  if (!schema) throw new Error(`The CLI gave no types:\n${generated.slice(0, 500)}`);
  return prettier.format(header + schema, { ...config, filepath: TYPES_FILE });
}

/** What the file that is committed says. */
export async function committedTypes(): Promise<string> {
  return readFile(TYPES_FILE, 'utf8').catch(() => '');
}
