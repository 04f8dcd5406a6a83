import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

export const DemoServer = z.object({
  name: z.string(),
  url: z.string(),
  auth_method: z.enum(['none', 'api_key']),
  credential: z.string().optional(),
});
export type DemoServer = z.infer<typeof DemoServer>;

/** Describes a running stack: addresses, keys and pids. Readable by its owner only. */
export const Stack = z.object({
  web_url: z.string(),
  supabase_url: z.string(),
  publishable_key: z.string(),
  secret_key: z.string(),
  /** The superuser's URL of the embedded database; absent with an external Supabase. */
  database_url: z.string().optional(),
  livekit_url: z.string(),
  livekit_api_key: z.string(),
  livekit_api_secret: z.string(),
  model_url: z.string(),
  worker_url: z.string().optional(),
  monitor_url: z.string(),
  demo: z.object({ email: z.string(), password: z.string() }),
  demo_servers: z.array(DemoServer),
  voice_unavailable: z.string().optional(),
  pids: z.record(z.string(), z.number()),
});
export type Stack = z.infer<typeof Stack>;

export function stackFile(dataDir: string): string {
  return join(dataDir, 'stack.json');
}

/** Writes atomically, readable by the owner only. */
export function writeJson(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
}

/** @returns undefined if there is no such file or it isn't JSON */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

export function writeStack(dataDir: string, stack: Stack): void {
  writeJson(stackFile(dataDir), stack);
}

/** @returns null if no stack is running */
export function readStack(dataDir: string): Stack | null {
  return Stack.safeParse(readJson(stackFile(dataDir))).data ?? null;
}

export function removeStack(dataDir: string): void {
  rmSync(stackFile(dataDir), { force: true });
}
