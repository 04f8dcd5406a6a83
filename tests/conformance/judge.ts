import type { Tally } from '../run/tally.ts';

export interface ScenarioEnd {
  scenario: string;
  isPassed: boolean;
  checks: { passed: number; failed: number };
}

export interface Verdict {
  tally: Tally;
  lines: string[];
}

/**
 * Holds the ends of all scenarios against the list of expected failures, both ways.
 * @param expected reason by name of the scenario
 */
export function judge(ends: readonly ScenarioEnd[], expected: Readonly<Record<string, string>>): Verdict {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  const lines: string[] = [];
  const note = (isGood: boolean, text: string): void => {
    tally[isGood ? 'passed' : 'failed'] += 1;
    lines.push(`  ${isGood ? 'ok  ' : 'FAIL'} ${text}`);
  };
  for (const { scenario, isPassed, checks } of ends) {
    const counts = `${scenario} (${checks.passed} of ${checks.passed + checks.failed} checks)`;
    const reason = Object.hasOwn(expected, scenario) ? expected[scenario] : undefined;
    if (reason === undefined) note(isPassed, counts);
    else if (isPassed) note(false, `${counts} passes: take it off the expected failures`);
    else note(true, `${counts} fails as expected: ${reason}`);
  }
  const names = new Set(ends.map(({ scenario }) => scenario));
  for (const scenario of Object.keys(expected)) {
    if (!names.has(scenario)) note(false, `${scenario} is expected to fail, and is no scenario of the suite`);
  }
  return { tally, lines };
}
