import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTool } from '../../local/processes/tool.ts';
import { SCHEMAS, startMigratedDatabase } from '../../tests/database/migrated-database.ts';
import { PGDELTA } from './differences.ts';

/**
 * The SQL that turns the database of the migrations into the one that the schemas declare; empty when they agree. Rows are
 * not compared.
 * @throws Error when one of them cannot be built or compared
 */
export async function renderMigration(schemas = SCHEMAS): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'patchbay-migration-'));
  const [plan, file] = [join(folder, 'plan.json'), join(folder, 'migration.sql')];
  const databases = await Promise.all([startMigratedDatabase(), startMigratedDatabase(schemas)]);
  try {
    const [current, declared] = databases;
    await pgdelta(
      'plan',
      '--profile',
      'raw',
      '--source',
      current.url,
      '--desired',
      declared.url,
      '--out',
      plan,
    );
    const output = await pgdelta('render', '--plan', plan, '--out', file, '--allow-drops');
    return output.includes('"changes":false') ? '' : await readFile(file, 'utf8');
  } finally {
    await Promise.all(databases.map((database) => database.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

/** It exits with an error when there is nothing to render. */
async function pgdelta(...args: string[]): Promise<string> {
  const { code, output } = await runTool({ command: PGDELTA, args });
  if (code !== 0 && !output.includes('"changes":false')) throw new Error(`pgdelta ${args[0]}:\n${output}`);
  return output;
}
