/** Runs the official client suite against `client.ts`, scenario by scenario. */
import { createRequire } from 'node:module';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { runTool, type ToolEnd } from '../stack/tool.ts';
import type { Tally } from '../test-run/tally.ts';
import { EXPECTED_FAILURES } from './expected-failures.ts';
import { judge, type ScenarioEnd } from './judge.ts';

const ROOT = join(import.meta.dirname, '../..');
const require = createRequire(import.meta.url);
const SUITE = join(
  dirname(require.resolve('@modelcontextprotocol/conformance/package.json')),
  'dist/index.js',
);
/** The suite splits it at spaces and looks for `node` in the PATH, where the bootstrap puts the right one first. */
const CLIENT = 'node --disable-warning=ExperimentalWarning local/conformance/client.ts';
const SCENARIO_TIMEOUT_MS = 60_000;
/** Each is two processes; more of them at once than cores only makes the measured times wrong. */
const AT_ONCE = 2;

const Checks = z.array(z.looseObject({ status: z.string() }));

export interface ConformanceContext {
  say: (text: string) => void;
  signal: AbortSignal;
}

/** Runs every client scenario and says how each ended, and at last how many checks passed. */
export async function runConformance({ say, signal }: ConformanceContext): Promise<Tally> {
  const scenarios = await listScenarios(signal);
  const ends = new Map<string, ScenarioEnd>();
  const left = [...scenarios];
  const worker = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined && !signal.aborted; name = left.shift()) {
      ends.set(name, await runScenario(name, signal));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  for (const [name, { isPassed }] of ends) {
    if (isPassed || Object.hasOwn(EXPECTED_FAILURES, name) || signal.aborted) continue;
    say(`  ${name} failed; once more, alone: the suite measures times`);
    ends.set(name, await runScenario(name, signal, say));
  }
  const inOrder = scenarios.flatMap((name) => ends.get(name) ?? []);
  const { tally, lines } = judge(inOrder, EXPECTED_FAILURES);
  for (const line of lines) say(line);
  const count = (kind: 'passed' | 'failed'): number =>
    inOrder.reduce((sum, { checks }) => sum + checks[kind], 0);
  say(`  ${inOrder.length} scenarios; ${count('passed')} checks passed, ${count('failed')} failed`);
  return tally;
}

async function listScenarios(signal: AbortSignal): Promise<string[]> {
  const { output } = await runSuite(['list', '--client'], signal);
  const names = [...output.matchAll(/^ {2}- (\S+) \[/gm)].map(([, name = '']) => name);
  if (names.length === 0) throw new Error(`the suite names no scenarios:\n${output}`);
  return names;
}

async function runScenario(
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
    ];
    const { code, output } = await runSuite([...args, '-o', folder], signal);
    if (code !== 0) onFailure(output);
    return { scenario, isPassed: code === 0, checks: countChecks(folder) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Warnings are failures, as they are for the suite; a scenario that broke has none. */
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

function runSuite(args: string[], signal: AbortSignal): Promise<ToolEnd> {
  return runTool({
    command: process.execPath,
    args: ['--disable-warning=DEP0190', SUITE, ...args],
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: '1' },
    signal,
  });
}
