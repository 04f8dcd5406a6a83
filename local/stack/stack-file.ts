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

/** What a running stack tells of itself: addresses, keys, and the processes by name. For its owner's eyes only. */
export const Stack = z.object({
  web_url: z.string(),
  supabase_url: z.string(),
  publishable_key: z.string(),
  secret_key: z.string(),
  /** Superuser's address of the embedded database; absent where Supabase runs elsewhere. */
  database_url: z.string().optional(),
  livekit_url: z.string(),
  livekit_api_key: z.string(),
  livekit_api_secret: z.string(),
  model_url: z.string(),
  /** Where the worker and the monitor answer health checks; no worker runs without a LiveKit server. */
  worker_url: z.string().optional(),
  monitor_url: z.string(),
  demo: z.object({ email: z.string(), password: z.string() }),
  demo_servers: z.array(DemoServer),
  /** Why there is no conversation, where no LiveKit server could be had. */
  voice_unavailable: z.string().optional(),
  pids: z.record(z.string(), z.number()),
});
export type Stack = z.infer<typeof Stack>;

export function stackFile(dataDir: string): string {
  return join(dataDir, 'stack.json');
}

/** Whole or not at all, and readable by the owner only. */
export function writeJson(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
}

/** @returns undefined where there is no such file or it holds no JSON */
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

/** @returns null where no stack has told of itself */
export function readStack(dataDir: string): Stack | null {
  return Stack.safeParse(readJson(stackFile(dataDir))).data ?? null;
}

export function removeStack(dataDir: string): void {
  rmSync(stackFile(dataDir), { force: true });
}
