/** `npm run db:migration -- <name>` needs no Docker, unlike `supabase db diff`. */
import { writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { renderMigration } from './render-migration.ts';

const ROOT = resolve(import.meta.dirname, '../..');

const name = process.argv[2] ?? '';
if (!/^[a-z][a-z0-9_]*$/.test(name)) {
  console.error('Name the migration in snake_case: npm run db:migration -- add_colors');
  process.exitCode = 2;
} else {
  const sql = await renderMigration();
  if (sql === '') console.log('Migrations and schemas agree: there is nothing to migrate.');
  else {
    const version = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
    const file = join(ROOT, 'supabase/migrations', `${version}_${name}.sql`);
    await writeFile(file, sql);
    console.log(
      `Wrote ${relative(ROOT, file)}. Read it: a renamed column is dropped and added again, and changes`,
    );
    console.log('of rows (limits, retention) are not part of it.');
  }
}
if (process.connected) process.disconnect();
