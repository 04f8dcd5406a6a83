// `npm run secrets:rotate` re-encrypts with the first key of PATCHBAY_SECRETS_KEYS, in the project that SUPABASE_URL and
// SUPABASE_SECRET_KEY name, else in the running stack. Adding a key without downtime: docs/data.md.
import { join } from 'node:path';
import { parseSecretKeys } from '@patchbay/shared/engine/secrets/secret-envelope';
import { createClient } from '@supabase/supabase-js';
import { LocalSecrets, SECRETS_FILE } from '../../local/stack/secrets.ts';
import { readJson, readStack } from '../../local/stack/stack-file.ts';
import { DEFAULT_DATA_DIR } from '../../local/stack/supervisor.ts';
import { rotateSecrets } from './rotate.ts';

interface Project {
  url: string;
  secretKey: string;
}

function findProject(env: NodeJS.ProcessEnv): Project {
  const { SUPABASE_URL: url, SUPABASE_SECRET_KEY: secretKey } = env;
  if (url && secretKey) return { url, secretKey };
  if (url) throw new Error('SUPABASE_URL is set, so set SUPABASE_SECRET_KEY too.');
  const stack = readStack(DEFAULT_DATA_DIR);
  if (!stack) throw new Error('No stack is running here. Start one with npm start, or set SUPABASE_URL.');
  return { url: stack.supabase_url, secretKey: stack.secret_key };
}

function findKeys(env: NodeJS.ProcessEnv): string | undefined {
  if (env['PATCHBAY_SECRETS_KEYS'] || env['SUPABASE_URL']) return env['PATCHBAY_SECRETS_KEYS'];
  return LocalSecrets.safeParse(readJson(join(DEFAULT_DATA_DIR, SECRETS_FILE))).data?.secretsKeys;
}

try {
  const { url, secretKey } = findProject(process.env);
  const keys = parseSecretKeys(findKeys(process.env));
  const client = createClient(url, secretKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { rotated, unopened } = await rotateSecrets({
    client,
    keys,
    onProgress: (progress) => console.log(`${progress.rotated} re-encrypted, ${progress.left} left`),
  });
  console.log(`${rotated} secrets re-encrypted with the key ${keys[0].id}.`);
  if (unopened.length > 0) {
    console.error(
      `None of the keys opens those of ${unopened.length} servers or webhooks: ${unopened.join(', ')}`,
    );
    process.exitCode = 1;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
if (process.connected) process.disconnect();
