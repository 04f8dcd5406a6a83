import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';

const ROOT = resolve(import.meta.dirname, '../..');
const CLI = resolve(ROOT, 'node_modules/supabase/dist/supabase.js');
const TIMEOUT_MS = 120_000;

/**
 * Runs the Supabase CLI on this repository, without telemetry.
 * @returns what it wrote to stdout
 * @throws Error with the CLI's own words when it ends with another code than 0
 */
export async function runSupabaseCli(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [CLI, ...args, '--workdir', ROOT], {
    env: { ...process.env, DO_NOT_TRACK: '1', SUPABASE_TELEMETRY_DISABLED: '1', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  });
  const ended = new Promise<number | null>((done) => {
    child.once('error', () => done(null));
    child.once('close', done);
  });
  const [said, complained, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`supabase ${args[0]} ${args[1]} ended with ${code}:\n${complained}${said}`);
  return said;
}
