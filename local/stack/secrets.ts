import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson, writeJson } from './stack-file.ts';

export const LocalSecrets = z.object({
  /** PATCHBAY_SECRETS_KEYS of the functions and the worker: what seals the users' credentials. */
  secretsKeys: z.string(),
  livekitApiKey: z.string(),
  livekitApiSecret: z.string().min(32),
  notesApiKey: z.string(),
});
/** What one installation makes up for itself; it lasts as long as its data, which it opens. */
export type LocalSecrets = z.infer<typeof LocalSecrets>;

export const SECRETS_FILE = 'secrets.json';

/**
 * Reads the secrets of a data directory, or makes them at the first start.
 * @throws Error where the file is damaged: new secrets could not open what the old ones sealed
 */
export function loadSecrets(dataDir: string): LocalSecrets {
  const file = join(dataDir, SECRETS_FILE);
  const stored = LocalSecrets.safeParse(readJson(file));
  if (stored.success) return stored.data;
  if (existsSync(file))
    throw new Error(`${file} is damaged; mend it, or begin anew with npm start -- --fresh`);
  const secrets: LocalSecrets = {
    secretsKeys: `local-1:${randomBytes(32).toString('base64')}`,
    livekitApiKey: `API${randomBytes(6).toString('hex')}`,
    livekitApiSecret: randomBytes(32).toString('base64url'),
    notesApiKey: `notes-${randomBytes(16).toString('hex')}`,
  };
  writeJson(file, secrets);
  return secrets;
}
