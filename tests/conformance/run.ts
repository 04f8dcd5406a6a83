import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { runTool, type ToolResult } from '../../local/processes/tool.ts';
import { sum, type Tally } from '../run/tally.ts';
import { judge, type ScenarioEnd } from './judge.ts';
import type { Suite } from './suites.ts';

const ROOT = join(import.meta.dirname, '../..');
/** The suite splits this at spaces and finds `node` in PATH, where the bootstrap puts the right version first. */
const CLIENT = 'node --disable-warning=ExperimentalWarning tests/conformance/client.ts';
const SCENARIO_TIMEOUT_MS = 60_000;
/** Each is two processes; more than the cores would distort measured times. */
const AT_ONCE = 2;

const Checks = z.array(z.looseObject({ status: z.string() }));

export interface ConformanceContext {
  say: (text: string) => void;
  signal: AbortSignal;
}

/** Runs client suites and reports how each scenario ended, and at last how many checks passed. */
export async function runConformance(suites: readonly Suite[], context: ConformanceContext): Promise<Tally> {
  const tallies: Tally[] = [];
  for (const suite of suites) tallies.push(await runSuite(suite, context));
  return sum(tallies);
}

async function runSuite(suite: Suite, { say, signal }: ConformanceContext): Promise<Tally> {
  const scenarios = suite.scenarios ?? (await listScenarios(suite, signal));
  const ends = new Map<string, ScenarioEnd>();
  const left = [...scenarios];
  const worker = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined && !signal.aborted; name = left.shift()) {
      ends.set(name, await runScenario(suite, name, signal));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  for (const [name, { isPassed }] of ends) {
    if (isPassed || Object.hasOwn(suite.expectedFailures, name) || signal.aborted) continue;
    say(`  ${name} failed; once more, alone: the suite measures times`);
    ends.set(name, await runScenario(suite, name, signal, say));
  }
  const inOrder = scenarios.flatMap((name) => ends.get(name) ?? []);
  const { tally, lines } = judge(inOrder, suite.expectedFailures);
  for (const line of lines) say(line);
  const count = (kind: 'passed' | 'failed'): number =>
    inOrder.reduce((total, { checks }) => total + checks[kind], 0);
  say(
    `  ${suite.name}: ${inOrder.length} scenarios; ${count('passed')} checks passed, ${count('failed')} failed`,
  );
  return tally;
}

async function listScenarios(suite: Suite, signal: AbortSignal): Promise<string[]> {
  const { output } = await runCommand(suite, ['list', '--client'], signal);
  const names = [...output.matchAll(/^ {2}- (\S+) \[/gm)].map(([, name = '']) => name);
  if (names.length === 0) throw new Error(`the suite names no scenarios:\n${output}`);
  return names;
}

async function runScenario(
  suite: Suite,
  scenario: string,
  signal: AbortSignal,
  onFailure: (text: string) => void = () => {},
): Promise<ScenarioEnd> {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-conformance-'));
  try {
    const args = [
      'client',
      '--command',
      CLIENT,
      '--scenario',
      scenario,
      '--timeout',
      String(SCENARIO_TIMEOUT_MS),
      ...suite.args,
    ];
    const { code, output } = await runCommand(suite, [...args, '-o', folder], signal);
    if (code !== 0) onFailure(output);
    const checks = countChecks(folder);
    // Skipped scenarios end without an error but check nothing.
    return { scenario, isPassed: code === 0 && checks.passed > 0, checks };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Warnings count as failures, as in the suite; a crashed scenario has no checks. */
function countChecks(folder: string): ScenarioEnd['checks'] {
  const checks = { passed: 0, failed: 0 };
  for (const file of globSync('**/checks.json', { cwd: folder })) {
    for (const { status } of Checks.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')))) {
      if (status === 'SUCCESS') checks.passed += 1;
      if (status === 'FAILURE' || status === 'WARNING') checks.failed += 1;
    }
  }
  return checks;
}

function runCommand({ program }: Suite, args: string[], signal: AbortSignal): Promise<ToolResult> {
  return runTool({
    command: process.execPath,
    args: ['--disable-warning=DEP0190', program, ...args],
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: '1' },
    signal,
  });
}
