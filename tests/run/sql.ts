import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findSqlProblems } from './sql-style.ts';

const ROOT = join(import.meta.dirname, '../..');

let count = 0;
for (const file of globSync('{supabase,local}/**/*.{sql,psql}', {
  cwd: ROOT,
  exclude: ['**/node_modules'],
}).sort()) {
  const isDeclaration = file.startsWith('supabase/schemas/');
  const isMigration = file.startsWith('supabase/migrations/');
  // Only psql knows \\ir, with which tests include their helpers.
  const text = readFileSync(join(ROOT, file), 'utf8').replace(/^\\ir .*$/gm, '');
  for (const { line, message } of findSqlProblems(text, { isDeclaration, isMigration })) {
    console.error(`${file}:${line} ${message}`);
    count += 1;
  }
}
process.exitCode = count === 0 ? 0 : 1;
