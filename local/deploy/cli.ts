import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { variablesFile, type Step } from './supabase-steps.ts';

const ROOT = join(import.meta.dirname, '../..');
const CLI = join(ROOT, 'node_modules/supabase/dist/supabase.js');

export interface CliOptions {
  /** Default: the environment of this process. */
  env?: NodeJS.ProcessEnv;
  /** Put before the path of the secrets. */
  more?: readonly string[];
  /** `inherit` lets the person see and answer it. */
  stdio?: 'inherit' | 'ignore';
}

/**
 * Does one step with the pinned Supabase CLI, at the root of the repository: it uploads only what lies in there.
 * @returns the exit code
 */
export async function runStep({ args, secrets }: Step, options: CliOptions = {}): Promise<number> {
  const { env = process.env, more = [], stdio = 'inherit' } = options;
  const folder = secrets === undefined ? null : await mkdtemp(join(tmpdir(), 'patchbay-secrets-'));
  try {
    const all = [...args.slice(0, 2), ...more, ...args.slice(2)];
    if (folder !== null && secrets !== undefined) {
      const file = join(folder, 'variables');
      await writeFile(file, variablesFile(secrets), { mode: 0o600 });
      all.push(file);
    }
    const child = spawn(process.execPath, [CLI, ...all, '--workdir', ROOT], {
      cwd: ROOT,
      env: { ...env, DO_NOT_TRACK: '1', SUPABASE_TELEMETRY_DISABLED: '1' },
      stdio,
    });
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? 1));
    });
  } finally {
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  }
}
