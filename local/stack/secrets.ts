import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson, writeJson } from './stack-file.ts';

export const LocalSecrets = z.object({
  /** PATCHBAY_SECRETS_KEYS: encrypts the users' credentials. */
  secretsKeys: z.string(),
  livekitApiKey: z.string(),
  livekitApiSecret: z.string().min(32),
  notesApiKey: z.string(),
  /** Random, so that no web page or other checkout knows it. */
  demoPassword: z.string(),
});
/** They last as long as the installation's data, which needs them. */
export type LocalSecrets = z.infer<typeof LocalSecrets>;

export const SECRETS_FILE = 'secrets.json';

/**
 * Reads the secrets of a data directory, or generates them at the first start.
 * @throws Error if the file is damaged: new secrets couldn't decrypt the existing credentials
 */
export function loadSecrets(dataDir: string): LocalSecrets {
  const file = join(dataDir, SECRETS_FILE);
  const stored = LocalSecrets.partial({ demoPassword: true }).safeParse(readJson(file)).data;
  if (stored?.demoPassword !== undefined) return { ...stored, demoPassword: stored.demoPassword };
  if (stored) {
    // Older versions used the same password everywhere; seeding sets this one.
    const completed = { ...stored, demoPassword: makePassword() };
    writeJson(file, completed);
    return completed;
  }
  if (existsSync(file))
    throw new Error(`${file} is damaged. Repair it, or start over with npm start -- --fresh`);
  const secrets: LocalSecrets = {
    secretsKeys: `local-1:${randomBytes(32).toString('base64')}`,
    livekitApiKey: `API${randomBytes(6).toString('hex')}`,
    livekitApiSecret: randomBytes(32).toString('base64url'),
    notesApiKey: `notes-${randomBytes(16).toString('hex')}`,
    demoPassword: makePassword(),
  };
  writeJson(file, secrets);
  return secrets;
}

/** 80 random bits in characters that are easy to type. */
function makePassword(): string {
  return `demo-${randomBytes(10).toString('hex')}`;
}
