import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateApiKey } from '@supabase/lite';
import { exportJWK, generateKeyPair } from 'jose';
import { z } from 'zod';

const ProjectKeys = z.object({
  publishableKey: z.string(),
  secretKey: z.string(),
  databasePassword: z.string(),
  /** Secret of the tokens that @supabase/lite signs, which never leave this process. */
  innerSecret: z.string(),
  /** ES256 key pair (JWK) of the users' tokens. */
  signingKey: z.object({
    kty: z.literal('EC'),
    crv: z.string(),
    x: z.string(),
    y: z.string(),
    d: z.string(),
    kid: z.string(),
  }),
});

/** They last as long as the data, so that a restart signs nobody out. */
export type ProjectKeys = z.infer<typeof ProjectKeys>;

/** Reads the keys from `keys.json` in the data directory (readable by its owner only), or generates them. */
export async function loadKeys(dataDir: string): Promise<ProjectKeys> {
  const path = join(dataDir, 'keys.json');
  const stored = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (stored !== undefined) return ProjectKeys.parse(JSON.parse(stored));
  const keys = await createKeys();
  await mkdir(dataDir, { recursive: true });
  await writeFile(`${path}.new`, JSON.stringify(keys, null, 2), { mode: 0o600 });
  await rename(`${path}.new`, path);
  return keys;
}

async function createKeys(): Promise<ProjectKeys> {
  const [publishable, secret, pair] = await Promise.all([
    generateApiKey('publishable'),
    generateApiKey('secret'),
    generateKeyPair('ES256', { extractable: true }),
  ]);
  return ProjectKeys.parse({
    publishableKey: publishable.key,
    secretKey: secret.key,
    databasePassword: randomBytes(24).toString('base64url'),
    innerSecret: randomBytes(32).toString('base64url'),
    signingKey: { ...(await exportJWK(pair.privateKey)), kid: crypto.randomUUID() },
  });
}
