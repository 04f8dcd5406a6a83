import { join } from 'node:path';
import type { Ports } from './ports.ts';
import type { LocalSecrets } from './secrets.ts';

const DEMO_EMAIL = 'demo@patchbay.example';

export interface Settings {
  root: string;
  dataDir: string;
  ports: Ports;
  portBase: number;
  webUrl: string;
  supabase: {
    url: string;
    publishableKey: string;
    secretKey: string;
    databaseUrl?: string;
    isEmbedded: boolean;
  };
  livekit: { url: string; apiKey: string; apiSecret: string; isLocal: boolean };
  model: { url: string; apiKey: string; isRehearsal: boolean };
  secretsKeys: string;
  addressPolicy: string;
  notesApiKey: string;
  demo: { email: string; password: string };
}

/** Something in the environment is missing or wrong. The message is for the user. */
export class BadEnvironment extends Error {
  override readonly name = 'BadEnvironment';
}

interface EmbeddedKeys {
  publishableKey: string;
  secretKey: string;
  databasePassword: string;
}

export interface SettingsSource {
  root: string;
  dataDir: string;
  ports: Ports;
  portBase: number;
  env: NodeJS.ProcessEnv;
  secrets: LocalSecrets;
  /** Keys of the embedded Supabase; null if SUPABASE_URL is set. */
  keys: EmbeddedKeys | null;
}

/** True if the environment names no other, so the part runs here. */
export function isEmbedded(
  env: NodeJS.ProcessEnv,
  name: 'SUPABASE_URL' | 'LIVEKIT_URL' | 'OPENAI_API_KEY',
): boolean {
  return !env[name];
}

/** @throws BadEnvironment if an external part is named without its keys */
export function makeSettings({
  root,
  dataDir,
  ports,
  portBase,
  env,
  secrets,
  keys,
}: SettingsSource): Settings {
  const require = (names: string[], because: string): string[] => {
    const missing = names.filter((name) => !env[name]);
    if (missing.length > 0)
      throw new BadEnvironment(`${because} is set, so ${missing.join(', ')} must be set too`);
    return names.map((name) => env[name] ?? '');
  };
  const loopback = (port: number): string => `127.0.0.1:${port}`;

  const supabase = ((): Settings['supabase'] => {
    if (keys) {
      const { publishableKey, secretKey, databasePassword } = keys;
      const password = encodeURIComponent(databasePassword);
      const databaseUrl = `postgresql://postgres:${password}@${loopback(ports.postgres)}/postgres`;
      const url = `http://${loopback(ports.supabase)}`;
      return { url, publishableKey, secretKey, databaseUrl, isEmbedded: true };
    }
    const names = [
      'SUPABASE_URL',
      'SUPABASE_PUBLISHABLE_KEY',
      'SUPABASE_SECRET_KEY',
      'PATCHBAY_SECRETS_KEYS',
    ];
    const [url = '', publishableKey = '', secretKey = ''] = require(names, 'SUPABASE_URL');
    return { url, publishableKey, secretKey, isEmbedded: false };
  })();

  const livekit = ((): Settings['livekit'] => {
    if (isEmbedded(env, 'LIVEKIT_URL')) {
      const { livekitApiKey: apiKey, livekitApiSecret: apiSecret } = secrets;
      return { url: `ws://${loopback(ports.livekit)}`, apiKey, apiSecret, isLocal: true };
    }
    const names = ['LIVEKIT_URL', 'LIVEKIT_API_KEY', 'LIVEKIT_API_SECRET'];
    const [url = '', apiKey = '', apiSecret = ''] = require(names, 'LIVEKIT_URL');
    return { url, apiKey, apiSecret, isLocal: false };
  })();

  const isRehearsal = isEmbedded(env, 'OPENAI_API_KEY');
  return {
    root,
    dataDir,
    ports,
    portBase,
    webUrl: `http://${loopback(ports.web)}`,
    supabase,
    livekit,
    model: isRehearsal
      ? { url: `http://${loopback(ports.model)}/v1`, apiKey: 'rehearsal', isRehearsal }
      : {
          url: env['OPENAI_BASE_URL'] || 'https://api.openai.com/v1',
          apiKey: env['OPENAI_API_KEY'] ?? '',
          isRehearsal,
        },
    secretsKeys: env['PATCHBAY_SECRETS_KEYS'] || secrets.secretsKeys,
    addressPolicy: env['PATCHBAY_ADDRESS_POLICY'] || 'local',
    notesApiKey: secrets.notesApiKey,
    demo: { email: DEMO_EMAIL, password: secrets.demoPassword },
  };
}

/** Where the embedded Supabase keeps its database and keys. */
export function supabaseFolder(dataDir: string): string {
  return join(dataDir, 'supabase');
}
