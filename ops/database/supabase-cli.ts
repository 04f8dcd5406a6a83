import { resolve } from 'node:path';
import { execa } from 'execa';

const ROOT = resolve(import.meta.dirname, '../..');
const CLI = resolve(ROOT, 'node_modules/supabase/dist/supabase.js');
const TIMEOUT_MS = 120_000;

/**
 * Runs the Supabase CLI on this repository, without telemetry.
 * @returns its stdout
 * @throws Error with the CLI's output if it fails
 */
export async function runSupabaseCli(args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [CLI, ...args, '--workdir', ROOT], {
    env: { DO_NOT_TRACK: '1', SUPABASE_TELEMETRY_DISABLED: '1', NO_COLOR: '1' },
    stdin: 'ignore',
    timeout: TIMEOUT_MS,
    reject: false,
  });
  if (exitCode !== 0) {
    throw new Error(`supabase ${args[0]} ${args[1]} ended with ${exitCode}:\n${stderr}${stdout}`);
  }
  return stdout;
}
