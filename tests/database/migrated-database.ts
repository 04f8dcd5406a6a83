import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import getPort from 'get-port';
import postgres from 'postgres';
import { readAuthConfig } from '../../local/supabase/auth/config.ts';
import { createMailer } from '../../local/supabase/auth/mailer.ts';
import { loadKeys } from '../../local/supabase/keys.ts';
import { createLite } from '../../local/supabase/lite.ts';
import { startPostgres } from '../../local/supabase/postgres.ts';
import { prepareDatabase } from '../../local/supabase/start.ts';

export interface MigratedDatabase {
  url: string;
  stop(): Promise<void>;
}

const MIGRATIONS = resolve(import.meta.dirname, '../../supabase/migrations');
export const SCHEMAS = resolve(import.meta.dirname, '../../supabase/schemas');

/**
 * Starts a Postgres in a temporary folder, creates what a Supabase project has before its first migration, and applies
 * the migrations of this repository or the SQL files of another folder (`SCHEMAS`).
 * @throws Error when Postgres does not come up or a migration fails; nothing is left behind then
 */
export async function startMigratedDatabase(migrationsDir = MIGRATIONS): Promise<MigratedDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), 'patchbay-database-'));
  const stops = [() => rm(dataDir, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const stopPart of stops.splice(0).reverse()) await stopPart();
  };
  try {
    const keys = await loadKeys(dataDir);
    const options = {
      dataDir,
      port: await getPort({ host: '127.0.0.1' }),
      password: keys.databasePassword,
      // Tests the migrations on another version, such as Debian's /usr/lib/postgresql/15.
      native: process.env['PATCHBAY_POSTGRES'] || undefined,
    };
    const database = await startPostgres({ ...options, log: () => undefined });
    stops.push(() => database.stop());
    const siteUrl = 'http://127.0.0.1';
    const { linkExpirySeconds, templates } = await readAuthConfig();
    const mailer = createMailer(templates, siteUrl);
    const lite = createLite({
      databaseUrl: database.url,
      keys,
      siteUrl,
      url: siteUrl,
      linkExpirySeconds,
      mailer,
    });
    await lite.prepare().finally(() => lite.close());
    const sql = postgres(database.url, { max: 1, onnotice: () => undefined });
    try {
      await prepareDatabase(sql, migrationsDir);
    } finally {
      await sql.end({ timeout: 2 });
    }
    return { url: database.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
