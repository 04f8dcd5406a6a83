import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sql } from 'postgres';

interface Migration {
  version: string;
  name: string;
  content: string;
}

/**
 * Applies the migrations of a folder that the database has not had yet, in order, each in one transaction, and
 * records them as the Supabase CLI does (`supabase_migrations.schema_migrations`).
 * @returns the names of the files that were applied.
 * @throws Error that names the file: its SQL failed, or it was changed after it had been applied.
 */
export async function applyMigrations(sql: Sql, folder: string): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const applied = new Map<string, string>();
  for (const row of await sql<{ version: string; statements: string[] | null }[]>`
    select version, statements from supabase_migrations.schema_migrations`) {
    applied.set(row.version, (row.statements ?? []).join('\n'));
  }
  const done: string[] = [];
  for (const migration of migrations) {
    const before = applied.get(migration.version);
    if (before === undefined) {
      await applyMigration(sql, migration);
      done.push(fileName(migration));
    } else if (before !== migration.content) {
      throw new Error(
        `supabase/migrations/${fileName(migration)} was changed after it had been applied to this database. ` +
          'Begin anew with `npm start -- --fresh`, or put the change into a new migration.',
      );
    }
    applied.delete(migration.version);
  }
  const [orphan] = applied.keys();
  if (orphan !== undefined) {
    throw new Error(
      `The database has had migration ${orphan}, which supabase/migrations no longer holds. ` +
        'Begin anew with `npm start -- --fresh`.',
    );
  }
  return done;
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const migrations: Migration[] = [];
  for (const file of files.sort()) {
    const [, version, name] = /^(\d+)_(.+)\.sql$/.exec(file) ?? [];
    if (version === undefined || name === undefined) continue;
    migrations.push({ version, name, content: await readFile(join(folder, file), 'utf8') });
  }
  return migrations;
}

async function applyMigration(sql: Sql, migration: Migration): Promise<void> {
  const { version, name, content } = migration;
  try {
    await sql.begin(async (transaction) => {
      await transaction.unsafe(content).simple();
      await transaction`
        insert into supabase_migrations.schema_migrations (version, name, statements)
        values (${version}, ${name}, ${[content]})`;
    });
  } catch (cause) {
    const { message, position, where } = cause as { message?: string; position?: string; where?: string };
    const line = position ? ` (line ${content.slice(0, Number(position)).split('\n').length})` : '';
    throw new Error(
      `supabase/migrations/${fileName(migration)}${line}: ${message ?? String(cause)}${where ? `\n${where}` : ''}`,
      {
        cause,
      },
    );
  }
}

function fileName(migration: Migration): string {
  return `${migration.version}_${migration.name}.sql`;
}
