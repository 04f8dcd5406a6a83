import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setClusterAside } from '../supabase/postgres.ts';
import { SEEDED_FILE } from './demo.ts';
import { SECRETS_FILE } from './secrets.ts';
import { supabaseFolder } from './settings.ts';

const DATA = ['supabase', SECRETS_FILE, SEEDED_FILE, 'logs'];

/**
 * Moves the installation's data into a folder of its own, so that the next start begins without it. The installation must
 * not be running.
 * @returns the folder, or null if there was no data
 */
export async function setAside(dataDir: string, now: Date): Promise<string | null> {
  const names = DATA.filter((name) => existsSync(join(dataDir, name)));
  if (names.length === 0) return null;
  const mark = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const folder = join(dataDir, `data-${mark}`);
  mkdirSync(folder, { mode: 0o700 });
  await setClusterAside(supabaseFolder(dataDir), mark);
  for (const name of names) renameSync(join(dataDir, name), join(folder, name));
  return folder;
}

/** Deletes the installation's data. It must not be running. */
export function deleteData(dataDir: string): void {
  for (const name of DATA) rmSync(join(dataDir, name), { recursive: true, force: true });
}
