import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runTool } from '../stack/tool.ts';
import { findHostedDeno } from '../supabase/deno.ts';
import type { Tally } from './tally.ts';

const ROOT = join(import.meta.dirname, '../..');
const BIN = join(ROOT, 'node_modules/.bin');
/** The heavy ones are few; more at once than cores only makes all of them late. */
const AT_ONCE = 2;

interface Check {
  name: string;
  command: string;
  args: string[];
  cwd?: string;
}

const script = (name: string, tool: string, args: string[], cwd = ROOT): Check => ({
  name,
  command: join(BIN, tool),
  args,
  cwd,
});

/** Makes SvelteKit write the types of its routes, which every look at web needs. */
export async function syncWeb(): Promise<void> {
  const { code, output } = await runTool({
    command: join(BIN, 'svelte-kit'),
    args: ['sync'],
    cwd: join(ROOT, 'web'),
  });
  if (code !== 0) throw new Error(`svelte-kit sync failed:\n${output}`);
}

function listChecks(): Check[] {
  const functions = join(ROOT, 'supabase/functions');
  const entries = readdirSync(functions, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('_'))
    .map((entry) => join('supabase/functions', entry.name, 'index.ts'));
  const walls = (from: string[], tsconfig: string): string[] => [
    ...from,
    '--config',
    '.dependency-cruiser.cjs',
    '--ts-config',
    tsconfig,
  ];
  return [
    script('lint', 'eslint', ['.', '--max-warnings', '0']),
    script('types', 'tsc', ['--noEmit', '-p', 'tsconfig.json']),
    // What the page may import must do without Node.
    script('types of shared in the browser', 'tsc', ['--noEmit', '-p', 'shared/tsconfig.browser.json']),
    script('types of the browser stories', 'tsc', ['--noEmit', '-p', 'local/e2e']),
    script('types of the benchmarks', 'tsc', ['--noEmit', '-p', 'local/bench']),
    script(
      'types of web',
      'svelte-check',
      ['--tsconfig', './tsconfig.json', '--fail-on-warnings'],
      join(ROOT, 'web'),
    ),
    script('format', 'prettier', ['--check', '--log-level', 'warn', '.']),
    {
      name: 'types of functions',
      command: findHostedDeno(),
      args: ['check', '--quiet', '--no-lock', '--node-modules-dir=manual', ...entries],
    },
    script('unused code', 'knip', ['--no-progress']),
    script(
      'walls',
      'depcruise',
      walls(['shared/src', 'agent-worker/src', 'local', 'supabase/functions'], 'tsconfig.json'),
    ),
    script('walls of web', 'depcruise', walls(['web/src'], 'web/.svelte-kit/tsconfig.json')),
  ];
}

/** Runs every check, each counted as one test, and says of each how it went; words of a failed one follow it. */
export async function runChecks(say: (text: string) => void): Promise<Tally> {
  await syncWeb();
  const tally = { passed: 0, failed: 0, skipped: 0 };
  const left = listChecks();
  const worker = async (): Promise<void> => {
    for (let check = left.shift(); check; check = left.shift()) {
      const startedAt = Date.now();
      const { code, output } = await runTool({
        ...check,
        cwd: check.cwd ?? ROOT,
        env: { ...process.env, NO_COLOR: '1' },
      });
      const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
      if (code === 0) tally.passed += 1;
      else tally.failed += 1;
      say(`  ${code === 0 ? 'ok  ' : 'FAIL'} ${check.name} (${seconds} s)`);
      if (code !== 0) say(output.replaceAll(/^/gm, '       '));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return tally;
}
