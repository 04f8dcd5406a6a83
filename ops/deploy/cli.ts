import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { variablesFile, type Step } from './supabase-steps.ts';

const ROOT = join(import.meta.dirname, '../..');
const CLI = join(ROOT, 'node_modules/supabase/dist/supabase.js');

export interface CliOptions {
  env?: NodeJS.ProcessEnv;
  more?: readonly string[];
  stdio?: 'inherit' | 'ignore';
}

/**
 * Does one step with the pinned Supabase CLI, at the root of the repository (it uploads only what lies in there) or in
 * a folder with the files of the step.
 * @returns the exit code
 */
export async function runStep({ args, secrets, files }: Step, options: CliOptions = {}): Promise<number> {
  const { env = process.env, more = [], stdio = 'inherit' } = options;
  const folder = secrets || files ? await mkdtemp(join(tmpdir(), 'patchbay-deploy-')) : null;
  try {
    const all = [...args.slice(0, 2), ...more, ...args.slice(2)];
    if (folder !== null && secrets !== undefined) {
      const file = join(folder, 'variables');
      await writeFile(file, variablesFile(secrets), { mode: 0o600 });
      all.push(file);
    }
    for (const [path, text] of Object.entries(files ?? {})) {
      const file = join(folder ?? '', path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
    const place = files && folder !== null ? folder : ROOT;
    const { exitCode } = await execa(process.execPath, [CLI, ...all, '--workdir', place], {
      cwd: place,
      env: { ...env, DO_NOT_TRACK: '1', SUPABASE_TELEMETRY_DISABLED: '1' },
      extendEnv: false,
      stdio,
      reject: false,
    });
    return exitCode ?? 1;
  } finally {
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  }
}
