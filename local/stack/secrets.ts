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
  /** Of the demo account. Random, so that no web page and no other checkout knows it. */
  demoPassword: z.string(),
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
  const stored = LocalSecrets.partial({ demoPassword: true }).safeParse(readJson(file)).data;
  if (stored?.demoPassword !== undefined) return { ...stored, demoPassword: stored.demoPassword };
  if (stored) {
    // From when the password was the same everywhere: the seed gives the account this one.
    const completed = { ...stored, demoPassword: makePassword() };
    writeJson(file, completed);
    return completed;
  }
  if (existsSync(file))
    throw new Error(`${file} is damaged; mend it, or begin anew with npm start -- --fresh`);
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

/** 80 bits, in letters and digits that can be typed. */
function makePassword(): string {
  return `demo-${randomBytes(10).toString('hex')}`;
}
