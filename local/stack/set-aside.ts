import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setClusterAside } from '../supabase/postgres.ts';
import { SEEDED_FILE } from './demo.ts';
import { SECRETS_FILE } from './secrets.ts';
import { supabaseFolder } from './settings.ts';

/**
 * Moves what one installation made (its database, secrets and logs) into a folder of its own, so that the next start
 * begins without it. What was built or downloaded stays. Nothing of the installation may be running.
 * @returns the folder, or null where there was nothing
 */
export async function setAside(dataDir: string, now: Date): Promise<string | null> {
  const names = ['supabase', SECRETS_FILE, SEEDED_FILE, 'logs'].filter((name) =>
    existsSync(join(dataDir, name)),
  );
  if (names.length === 0) return null;
  const mark = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const folder = join(dataDir, `data-${mark}`);
  mkdirSync(folder, { mode: 0o700 });
  await setClusterAside(supabaseFolder(dataDir), mark);
  for (const name of names) renameSync(join(dataDir, name), join(folder, name));
  return folder;
}
