import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runTool } from '../../local/processes/tool.ts';
import { findHostedDeno } from '../../local/supabase/deno.ts';
import type { Tally } from './tally.ts';

const ROOT = join(import.meta.dirname, '../..');
const BIN = join(ROOT, 'node_modules/.bin');
/** More than the cores of a small machine only delays all of them. */
const AT_ONCE = 2;

/** What `npm run check -- <group>` can run alone. */
export const GROUPS = ['lint', 'types', 'format', 'unused', 'boundaries', 'terms', 'sql'] as const;
export type Group = (typeof GROUPS)[number];

interface Check {
  group: Group;
  name: string;
  command: string;
  args: string[];
  cwd?: string;
}

const tool = (group: Group, name: string, command: string, args: string[], cwd = ROOT): Check => ({
  group,
  name,
  command: join(BIN, command),
  args,
  cwd,
});

const types = (name: string, project: string): Check =>
  tool('types', `types of ${name}`, 'tsc', ['--noEmit', '-p', project]);

const boundaries = (name: string, from: string[], tsconfig: string): Check =>
  tool('boundaries', name, 'depcruise', [
    ...from,
    '--config',
    '.dependency-cruiser.cjs',
    '--ts-config',
    tsconfig,
  ]);

/** Generates SvelteKit's route types, which every check of web needs. */
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
  return [
    tool('lint', 'lint', 'eslint', ['.', '--max-warnings', '0']),
    types('packages', 'tsconfig.json'),
    // What the browser imports must not need Node.
    types('shared in the browser', 'shared/tsconfig.browser.json'),
    types('tests', 'tests'),
    types('benchmarks', 'bench'),
    tool(
      'types',
      'types of web',
      'svelte-check',
      ['--tsconfig', './tsconfig.json', '--fail-on-warnings'],
      join(ROOT, 'web'),
    ),
    tool('format', 'format', 'prettier', ['--check', '--log-level', 'warn', '.']),
    {
      group: 'types',
      name: 'types of edge functions',
      command: findHostedDeno(),
      args: ['check', '--quiet', '--no-lock', '--node-modules-dir=manual', ...entries],
    },
    tool('unused', 'unused code', 'knip', ['--no-progress']),
    tool('unused', 'code that only tests use', 'knip', ['--no-progress', '--production', '--exports']),
    boundaries(
      'package boundaries',
      [
        'shared/src',
        'livekit/src',
        'web/server',
        'agent-worker/src',
        'local',
        'tests',
        'bench',
        'ops',
        'supabase/functions',
      ],
      'tsconfig.json',
    ),
    {
      group: 'terms',
      name: 'retired terms',
      command: process.execPath,
      args: [join(import.meta.dirname, 'terms.ts')],
    },
    {
      group: 'sql',
      name: 'syntax and style of SQL',
      command: process.execPath,
      args: [join(import.meta.dirname, 'sql.ts')],
    },
    boundaries('package boundaries of web', ['web/src'], 'web/.svelte-kit/tsconfig.json'),
  ];
}

/** Runs the checks of these groups, each counted as one test, and prints the output of the ones that fail. */
export async function runChecks(
  say: (text: string) => void,
  groups: readonly Group[] = GROUPS,
): Promise<Tally> {
  await syncWeb();
  const tally = { passed: 0, failed: 0, skipped: 0 };
  const left = listChecks().filter(({ group }) => groups.includes(group));
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
