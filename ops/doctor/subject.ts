import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_REALTIME_MODEL, DEFAULT_TRANSCRIPTION_MODEL } from '@patchbay/shared/contract/voice-models';
import type { Stack } from '../../local/stack/stack-file.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Undefined means unknown. */
export interface Subject {
  supabaseUrl: string | undefined;
  publishableKey: string | undefined;
  secretKey: string | undefined;
  accessToken: string | undefined;
  livekitUrl: string | undefined;
  livekitApiKey: string | undefined;
  livekitApiSecret: string | undefined;
  agentName: string;
  modelUrl: string;
  modelKey: string | undefined;
  modelName: string;
  transcriptionModel: string;
  noiseReduction: string;
  secretsKeys: string | undefined;
  signingKey: string | undefined;
  addressPolicy: string | undefined;
  webUrl: string | undefined;
  workerUrl: string | undefined;
  monitorUrl: string | undefined;
  /** NaN if it isn't a number. */
  expectedWorkers: number;
  expected: Expected;
}

export interface Expected {
  migrations: string[];
  tables: string[];
  functions: string[];
}

/** What the folder `supabase` of a checkout holds. */
export function readExpected(root = ROOT): Expected {
  const folder = join(root, 'supabase/migrations');
  const files = readdirSync(folder).filter((file) => file.endsWith('.sql'));
  const tables = files.flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/^create table public\.(\w+)/gm)].map(
      ([, table = '']) => table,
    ),
  );
  const functions = readdirSync(join(root, 'supabase/functions'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('_'))
    .map(({ name }) => name);
  return {
    migrations: files.map((file) => file.split('_')[0] ?? '').sort(),
    tables: tables.sort(),
    functions: functions.sort(),
  };
}

const OPENAI = 'https://api.openai.com/v1';

/** The environment that the variables name. An empty variable counts as not set. */
export function subjectOf(env: NodeJS.ProcessEnv, expected: Expected): Subject {
  const read = (name: string): string | undefined => env[name] || undefined;
  const readBase = (name: string): string | undefined => read(name)?.replace(/\/+$/, '');
  return {
    supabaseUrl: readBase('SUPABASE_URL'),
    publishableKey: read('SUPABASE_PUBLISHABLE_KEY'),
    secretKey: read('SUPABASE_SECRET_KEY'),
    accessToken: read('SUPABASE_ACCESS_TOKEN'),
    livekitUrl: read('LIVEKIT_URL'),
    livekitApiKey: read('LIVEKIT_API_KEY'),
    livekitApiSecret: read('LIVEKIT_API_SECRET'),
    agentName: read('PATCHBAY_AGENT_NAME') ?? 'patchbay',
    modelUrl: readBase('OPENAI_BASE_URL') ?? OPENAI,
    modelKey: read('OPENAI_API_KEY'),
    modelName: read('OPENAI_REALTIME_MODEL') ?? DEFAULT_REALTIME_MODEL,
    transcriptionModel: read('OPENAI_TRANSCRIPTION_MODEL') ?? DEFAULT_TRANSCRIPTION_MODEL,
    noiseReduction: read('OPENAI_NOISE_REDUCTION') ?? 'off',
    secretsKeys: read('PATCHBAY_SECRETS_KEYS'),
    signingKey: read('PATCHBAY_SIGNING_KEY'),
    addressPolicy: read('PATCHBAY_ADDRESS_POLICY'),
    webUrl: read('PATCHBAY_WEB_URL'),
    workerUrl: read('PATCHBAY_WORKER_URL'),
    monitorUrl: read('PATCHBAY_MONITOR_URL'),
    expectedWorkers: Number(read('PATCHBAY_EXPECTED_WORKERS') ?? 1),
    expected,
  };
}

/** A stack that runs on this machine, with the keys and settings that it was started with. */
export function subjectOfStack(
  stack: Stack,
  secretsKeys: string | undefined,
  env: NodeJS.ProcessEnv,
  expected: Expected,
): Subject {
  const isRehearsal = !env['OPENAI_API_KEY'];
  return {
    ...subjectOf(env, expected),
    supabaseUrl: stack.supabase_url,
    publishableKey: stack.publishable_key,
    secretKey: stack.secret_key,
    livekitUrl: stack.livekit_url,
    livekitApiKey: stack.livekit_api_key,
    livekitApiSecret: stack.livekit_api_secret,
    modelUrl: stack.model_url,
    ...(isRehearsal && { modelKey: 'rehearsal' }),
    secretsKeys: env['PATCHBAY_SECRETS_KEYS'] || secretsKeys,
    addressPolicy: env['PATCHBAY_ADDRESS_POLICY'] || 'local',
    webUrl: stack.web_url,
    workerUrl: stack.worker_url,
    monitorUrl: stack.monitor_url,
    // Without voice, the stack runs no worker.
    ...(stack.voice_unavailable !== undefined && { expectedWorkers: 0 }),
  };
}
