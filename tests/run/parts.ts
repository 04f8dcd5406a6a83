import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runPgTap } from '../database/pgtap.ts';
import { countRows } from '../hostile/report.ts';
import { runTool } from '../../local/processes/tool.ts';
import type { Stack } from '../../local/stack/stack-file.ts';
import { findHostedDeno } from '../../local/supabase/deno.ts';
import { countJunit, countPlaywright, countVitest, NOTHING, sum, withExitCode, type Tally } from './tally.ts';

const ROOT = join(import.meta.dirname, '../..');
const RESULTS = join(ROOT, '.local/test-results');
const MODULES = join(ROOT, 'node_modules');
const PART_LIMIT_MS = 25 * 60_000;
const BROKEN: Tally = { ...NOTHING, failed: 1 };

export interface RunContext {
  say: (text: string) => void;
  signal: AbortSignal;
}

interface Suite {
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  report: string;
  count: (report: string) => Tally;
}

/** A missing report is a failure. */
async function runSuite(
  { command, args, env, report, count }: Suite,
  { say, signal }: RunContext,
): Promise<Tally> {
  mkdirSync(RESULTS, { recursive: true });
  rmSync(report, { force: true });
  const { code } = await runTool({
    command,
    args,
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning', ...env },
    signal: AbortSignal.any([signal, AbortSignal.timeout(PART_LIMIT_MS)]),
    onLine: say,
  });
  try {
    return withExitCode(count(readFileSync(report, 'utf8')), code);
  } catch (error) {
    say(`no usable report at ${report}: ${error instanceof Error ? error.message : String(error)}`);
    return BROKEN;
  }
}

function vitest(
  name: string,
  projects: string[],
  env: NodeJS.ProcessEnv,
  context: RunContext,
): Promise<Tally> {
  const report = join(RESULTS, `${name}.json`);
  const chosen = projects.flatMap((project) => ['--project', project]);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  return runSuite(
    {
      command: process.execPath,
      args: [join(MODULES, 'vitest/vitest.mjs'), 'run', ...chosen, ...reporters],
      env: { ...env, NO_COLOR: '1' },
      report,
      count: (text) => countVitest(JSON.parse(text)),
    },
    context,
  );
}

/** Unit tests of all packages. */
export function runUnit(context: RunContext): Promise<Tally> {
  return vitest('unit', ['unit', 'web'], { PATCHBAY_STACK: '' }, context);
}

/** Unit tests of the edge functions, on the hosted Deno version. */
export function runFunctions(context: RunContext): Promise<Tally> {
  const report = join(RESULTS, 'functions.xml');
  const rights = ['--allow-net', '--allow-env', '--allow-sys', '--allow-read'];
  const offline = ['--no-remote', '--no-lock', '--no-check', '--node-modules-dir=manual'];
  return runSuite(
    {
      command: findHostedDeno(),
      args: ['test', '--quiet', ...offline, ...rights, `--junit-path=${report}`, 'supabase/functions'],
      env: { NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' },
      report,
      count: countJunit,
    },
    context,
  );
}

/** Tests of the migrations, on a database of their own. */
export function runSchema(context: RunContext): Promise<Tally> {
  return vitest('database', ['database'], { PATCHBAY_STACK: '' }, context);
}

/** pgTAP tests on the stack's database. */
export async function runDatabase(stack: Stack, { say }: RunContext): Promise<Tally> {
  if (stack.database_url === undefined) return BROKEN;
  const { passed, failed, skipped, failures } = await runPgTap({ databaseUrl: stack.database_url });
  for (const { file, description, diagnostics } of failures) {
    say([`FAIL ${file}: ${description}`, ...diagnostics].join('\n       '));
  }
  say(`pgTAP: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  return { passed, failed, skipped };
}

/** `npm start` in a clean clone of this repository. */
export function runNewcomer(context: RunContext): Promise<Tally> {
  return vitest('newcomer', ['newcomer'], { PATCHBAY_STACK: '' }, context);
}

/** End-to-end tests without a browser, against the running stack. */
export function runEndToEndTests(stackFile: string, context: RunContext): Promise<Tally> {
  return vitest('e2e', ['stack', 'stack-parallel'], { PATCHBAY_STACK: stackFile }, context);
}

/** Hostile servers and tenants against the running stack. Linux only: it reads /proc. */
export function runHostile(stackFile: string, context: RunContext): Promise<Tally> {
  const report = join(RESULTS, 'hostile.json');
  return runSuite(
    {
      command: process.execPath,
      args: [join(ROOT, 'tests/hostile/main.ts'), `--report=${report}`],
      env: { PATCHBAY_STACK: stackFile },
      report,
      count: (text) => countRows(JSON.parse(text)),
    },
    context,
  );
}

/** Searches for secrets in what the other tests left behind, so it runs last. */
export function runSecrets(stackFile: string, context: RunContext): Promise<Tally> {
  return vitest('secrets', ['secrets'], { PATCHBAY_STACK: stackFile }, context);
}

/** Tests in a browser, against the running stack: two at once where they can share it, then one after the other. */
export async function runBrowser(stackFile: string, chromium: string, context: RunContext): Promise<Tally> {
  const parallel = await runPlaywright('parallel', stackFile, chromium, context);
  const alone = await runPlaywright('alone', stackFile, chromium, context);
  return sum([parallel, alone]);
}

function runPlaywright(
  project: string,
  stackFile: string,
  chromium: string,
  context: RunContext,
): Promise<Tally> {
  const report = join(RESULTS, `browser-${project}.json`);
  const config = join(ROOT, 'tests/browser/playwright.config.ts');
  return runSuite(
    {
      command: process.execPath,
      args: [
        join(MODULES, '@playwright/test/cli.js'),
        'test',
        `--config=${config}`,
        `--project=${project}`,
        // Playwright empties the folder at the start of each run.
        `--output=${join(RESULTS, `browser-${project}`)}`,
      ],
      env: {
        PATCHBAY_STACK: stackFile,
        PATCHBAY_CHROMIUM: chromium,
        PLAYWRIGHT_JSON_OUTPUT_FILE: report,
        FORCE_COLOR: '0',
      },
      report,
      count: (text) => countPlaywright(JSON.parse(text)),
    },
    context,
  );
}
