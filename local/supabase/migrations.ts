import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sql } from 'postgres';

interface Migration {
  version: string;
  name: string;
  content: string;
}

/**
 * Applies a folder's pending migrations in order, each in its own transaction, and records them as the Supabase CLI does
 * (`supabase_migrations.schema_migrations`).
 * @returns the names of the files applied
 * @throws Error that names the file whose SQL failed; or that says what to do if the database was made by other
 * migrations, of which it applies none
 */
export async function applyMigrations(sql: Sql, folder: string): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const rows = await sql<{ version: string; statements: string[] | null }[]>`
    select version, statements from supabase_migrations.schema_migrations`;
  const applied = new Map(rows.map(({ version, statements }) => [version, (statements ?? []).join('\n')]));
  const refusal = whyNotUpgradable(applied, migrations);
  if (refusal !== null) throw new Error(refusal);
  const done: string[] = [];
  for (const migration of migrations) {
    if (applied.has(migration.version)) continue;
    await applyMigration(sql, migration);
    done.push(fileName(migration));
  }
  return done;
}

/** Released migrations never change. @param applied the SQL that the database has had, by version */
function whyNotUpgradable(applied: ReadonlyMap<string, string>, migrations: Migration[]): string | null {
  const changed = migrations.find(({ version, content }) => (applied.get(version) ?? content) !== content);
  const newest = migrations.at(-1)?.version ?? '';
  const unknown = [...applied.keys()]
    .filter((version) => migrations.every((one) => one.version !== version))
    .sort();
  const newer = unknown.at(-1);
  if (!changed && newer !== undefined && unknown.every((version) => version > newest))
    return [
      `This database was made by a newer version of Patchbay: migration ${newer} isn't in this checkout.`,
      'Update the checkout, or set the data aside and start over: npm start -- --fresh.',
    ].join('\n');
  if (!changed && newer === undefined) return null;
  return [
    'This database is from before 0.1.0, or from between two releases, and cannot be upgraded: ' +
      (changed
        ? `${fileName(changed)} was changed since.`
        : `its migration ${unknown[0]} is no longer there.`),
    'To carry your servers and agents over (docs/upgrade.md):',
    '1. Check out the commit that made it (git reflog lists where you were), run npm start there, and download the file',
    '   on the page /workspace/transfer.',
    '2. Here, run npm start -- --fresh, which moves the old data aside, and import the file on the same page.',
    'If you changed that file yourself, put the change into a new migration instead.',
  ].join('\n');
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
