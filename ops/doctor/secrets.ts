import { randomUUID } from 'node:crypto';
import { parseAddressPolicy } from '@patchbay/shared/engine/outgoing/address-policy';
import { FunctionSettingsAnswer } from '@patchbay/shared/contract/schema/functions';
import { open, parseSecretKeys, type SecretKeys } from '@patchbay/shared/engine/secrets/secret-envelope';
import { digestSecretKeys, digestSetting } from '@patchbay/shared/engine/secrets/setting-digest';
import { z } from 'zod';
import { placeOf, SEALED_TABLES, sealedColumns, StoredSecret } from '../secrets/rotate.ts';
import { failed, ok, unknown, type Finding } from './finding.ts';
import { ask } from './http.ts';
import type { Subject } from './subject.ts';
import { withKey } from './supabase.ts';

/** Secrets to decrypt per key. */
const SAMPLES = 3;
const KEY_FORM = '`<key id>:<base64 of 32 bytes>`';

/** @returns null where the text is no list of keys */
export function readKeys(text: string): SecretKeys | null {
  try {
    return parseSecretKeys(text);
  } catch {
    return null;
  }
}

export function judgeKeyForm(text: string | undefined): Finding {
  if (!text)
    return failed(
      'secrets key',
      'PATCHBAY_SECRETS_KEYS is not set',
      'Set it to the key that the functions and the worker have; a first one is `one:$(openssl rand -base64 32)`.',
    );
  return readKeys(text) === null
    ? failed(
        'secrets key',
        'PATCHBAY_SECRETS_KEYS is malformed',
        `Write it as ${KEY_FORM}, separated by commas.`,
      )
    : ok('secrets key', 'it has the right form');
}

export interface SealedReading {
  /** Ids of unknown keys that encrypt something, with the number of secrets. */
  foreign: Record<string, number>;
  opened: number;
  unopened: number;
}

const KeyId = z.object({ key_id: z.string() });

/** Tries to decrypt a sample of the stored secrets, and keeps none. Null if they can't be read. */
export async function readSealed(
  url: string,
  secretKey: string,
  keys: SecretKeys,
): Promise<SealedReading | null> {
  const reading: SealedReading = { foreign: {}, opened: 0, unopened: 0 };
  const headers = withKey(secretKey);
  const ours = keys.map(({ id }) => id);
  for (const sealedTable of SEALED_TABLES) {
    const { table } = sealedTable;
    const quoted = ours.map((keyId) => `"${keyId.replaceAll('"', '')}"`).join(',');
    const others = await ask(
      `${url}/rest/v1/${table}?select=key_id&limit=1000&key_id=not.in.(${encodeURIComponent(quoted)})`,
      { headers },
    );
    const foreign = KeyId.array().safeParse(others.body);
    if (!foreign.success) return null;
    for (const { key_id } of foreign.data) reading.foreign[key_id] = (reading.foreign[key_id] ?? 0) + 1;
    for (const keyId of ours) {
      const columns = sealedColumns(sealedTable);
      const sample = await ask(
        `${url}/rest/v1/${table}?select=${columns}&limit=${SAMPLES}&key_id=eq.${encodeURIComponent(keyId)}`,
        { headers },
      );
      for (const sealed of StoredSecret.array().safeParse(sample.body).data ?? []) {
        const isOpen = await open(sealed, placeOf(sealed), keys).then(
          () => true,
          () => false,
        );
        if (isOpen) reading.opened += 1;
        else reading.unopened += 1;
      }
    }
  }
  return reading;
}

export function judgeSealed(reading: SealedReading | null): Finding {
  if (reading === null) return unknown('stored secrets', 'the database does not show them');
  const foreign = Object.entries(reading.foreign);
  if (foreign.length > 0) {
    const listed = foreign.map(([id, count]) => `${count} with ${id}`).join(', ');
    return failed(
      'stored secrets',
      `encrypted with keys that are not set here: ${listed}`,
      'Add that key after the first one in PATCHBAY_SECRETS_KEYS, everywhere. If the key is lost, the credentials must be entered again.',
    );
  }
  if (reading.unopened > 0)
    return failed(
      'stored secrets',
      `${reading.unopened} of ${reading.unopened + reading.opened} sampled secrets can't be decrypted`,
      'The key has the right id but different bytes: set PATCHBAY_SECRETS_KEYS to the one that encrypted them.',
    );
  return ok(
    'stored secrets',
    reading.opened === 0 ? 'none are stored yet' : `${reading.opened} sampled secrets can be decrypted`,
  );
}

export type Shared = Pick<
  Subject,
  | 'livekitUrl'
  | 'livekitApiKey'
  | 'livekitApiSecret'
  | 'agentName'
  | 'secretsKeys'
  | 'addressPolicy'
  | 'webUrl'
>;
export interface SettingsReading {
  here: FunctionSettingsAnswer;
  functions: FunctionSettingsAnswer | null;
  signingKeys: string[];
}

const Jwks = z.object({ keys: z.array(z.object({ kid: z.string().optional() })) });

/** Both sides give digests for the same nonce, so that no secret travels. */
export async function readSettings(
  url: string,
  secretKey: string,
  subject: Shared,
): Promise<SettingsReading> {
  const nonce = randomUUID();
  const digest = async (value: string | undefined) => (value ? await digestSetting(value, nonce) : null);
  const [{ body }, jwks] = await Promise.all([
    ask(`${url}/functions/v1/function-settings`, {
      method: 'POST',
      headers: withKey(secretKey),
      body: JSON.stringify({ nonce }),
    }),
    ask(`${url}/auth/v1/.well-known/jwks.json`),
  ]);
  return {
    here: {
      livekit_url: subject.livekitUrl ?? null,
      livekit_api_key: await digest(subject.livekitApiKey),
      livekit_api_secret: await digest(subject.livekitApiSecret),
      agent_name: subject.agentName,
      address_policy: subject.addressPolicy ?? 'public',
      secrets_keys: await digestSecretKeys(subject.secretsKeys, nonce),
      signing_key_id: null,
      web_url: subject.webUrl ? new URL(subject.webUrl).origin : null,
    },
    functions: FunctionSettingsAnswer.safeParse(body).data ?? null,
    signingKeys: (Jwks.safeParse(jwks.body).data?.keys ?? []).flatMap(({ kid }) => kid ?? []),
  };
}

const NAMES = {
  livekit_url: 'LIVEKIT_URL',
  livekit_api_key: 'LIVEKIT_API_KEY',
  livekit_api_secret: 'LIVEKIT_API_SECRET',
  agent_name: 'PATCHBAY_AGENT_NAME',
  address_policy: 'PATCHBAY_ADDRESS_POLICY',
} as const;

export function judgeSettings({ here, functions }: Omit<SettingsReading, 'signingKeys'>): Finding {
  if (functions === null)
    return unknown('function secrets', 'the function function-settings does not return it');
  const entries = Object.entries(NAMES) as [keyof typeof NAMES, string][];
  const keys = new Map(here.secrets_keys.map(({ id, digest }) => [id, digest]));
  const missing = entries.filter(([field]) => functions[field] === null).map(([, name]) => name);
  if (functions.secrets_keys.length === 0) missing.push('PATCHBAY_SECRETS_KEYS');
  if (missing.length > 0)
    return failed(
      'function secrets',
      `not set: ${missing.join(', ')}`,
      'Set them: `npm run deploy:supabase`.',
    );
  const other = entries.filter(([field]) => functions[field] !== here[field]).map(([, name]) => name);
  const isSameKeys =
    keys.size === functions.secrets_keys.length &&
    functions.secrets_keys.every(({ id, digest }) => keys.get(id) === digest);
  if (!isSameKeys) other.push('PATCHBAY_SECRETS_KEYS');
  if (other.length > 0)
    return failed(
      'function secrets',
      `different values than here: ${other.join(', ')}`,
      'Run `npm run deploy:supabase`, which gives the functions the values of this environment.',
    );
  return ok('function secrets', 'all are set to the values of this environment');
}

/**
 * API tokens are changed into tokens that a key of the project signed, one that the operator made.
 * @param isWanted whether this environment has that key; a deployment without API tokens has none
 */
export function judgeSigningKey(
  { functions, signingKeys }: Omit<SettingsReading, 'here'>,
  isWanted: boolean,
): Finding {
  if (functions === null) return unknown('api tokens', 'the function function-settings does not return it');
  const id = functions.signing_key_id;
  if (id === null && !isWanted) return ok('api tokens', 'off, since PATCHBAY_SIGNING_KEY is not set');
  if (id !== null && signingKeys.includes(id))
    return ok('api tokens', 'their signing key belongs to the project');
  return failed(
    'api tokens',
    id === null
      ? 'the functions have no PATCHBAY_SIGNING_KEY'
      : 'PATCHBAY_SIGNING_KEY is not a signing key of the project',
    'Create one, import it as a standby key, and set it for the functions: see docs/data.md, API tokens.',
  );
}

/** After signing in to a server, users return to the address that the functions have. */
export function judgeReturnAddress({ here, functions }: Omit<SettingsReading, 'signingKeys'>): Finding {
  if (functions === null) return unknown('sign-in', 'the function function-settings does not return it');
  const { web_url: place } = functions;
  if (place !== null && (here.web_url === null || here.web_url === place))
    return ok('sign-in', `users return to ${place} after signing in to a server`);
  return failed(
    'sign-in',
    place === null
      ? "the functions have no PATCHBAY_WEB_URL, so users can't sign in to servers"
      : `users return to ${place} after signing in to a server, but the web app is elsewhere`,
    'Set PATCHBAY_WEB_URL to the address of the page, and run `npm run deploy:supabase`.',
  );
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether an address is of this machine, where rules for production do not hold. */
export function isLoopback(url: string): boolean {
  return URL.canParse(url) && LOOPBACK.has(new URL(url).hostname);
}

/** @param places addresses of the page and of Supabase, those that are known */
export function judgePolicy(text: string | undefined, places: readonly string[]): Finding {
  const policy = parseAddressPolicy(text);
  if (policy === null)
    return failed(
      'address policy',
      'PATCHBAY_ADDRESS_POLICY is malformed, so the worker does not start',
      'Use `public`, or `public` followed by names and ranges, separated by commas.',
    );
  if (policy === 'local' && !places.every(isLoopback))
    return failed(
      'address policy',
      '`local` lets every user reach the private network of the worker',
      'Unset PATCHBAY_ADDRESS_POLICY, or list what may be reached: `public,10.1.0.0/16,tools.internal`.',
    );
  return ok('address policy', policy === 'local' ? '`local`, on this machine' : text || 'public');
}
