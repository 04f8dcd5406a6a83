import { z } from 'zod';

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  /** Passed only on the second try, because voices may stutter on a busy machine. */
  secondTries?: string[];
}

export const NOTHING: Tally = { passed: 0, failed: 0, skipped: 0 };

export function sum(tallies: Tally[]): Tally {
  return tallies.reduce(
    (a, b) => ({
      passed: a.passed + b.passed,
      failed: a.failed + b.failed,
      skipped: a.skipped + b.skipped,
      secondTries: [...(a.secondTries ?? []), ...(b.secondTries ?? [])],
    }),
    NOTHING,
  );
}

/** The last line of a test run. */
export function lastLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** Counts one failure for a part that exited with an error but named no failed test. */
export function withExitCode(tally: Tally, code: number | null): Tally {
  return code !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}

const VitestReport = z.object({
  testResults: z.array(
    z.object({
      status: z.string(),
      assertionResults: z.array(
        z.object({
          status: z.string(),
          fullName: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});

/** Counts Vitest's JSON report; a file that failed before its first test counts as one failure. */
export function countVitest(report: unknown): Tally {
  const { testResults } = VitestReport.parse(report);
  return sum(
    testResults.map(({ status, assertionResults }) => {
      const count = (...wanted: string[]): number =>
        assertionResults.filter((result) => wanted.includes(result.status)).length;
      const failed = count('failed');
      return {
        passed: count('passed'),
        failed: status === 'failed' && failed === 0 ? 1 : failed,
        skipped: count('skipped', 'pending', 'todo', 'disabled'),
        secondTries: assertionResults
          .filter((result) => result.status === 'passed' && result.failureMessages?.length)
          .map(({ fullName }) => fullName),
      };
    }),
  );
}

interface PlaywrightSuite {
  specs?: { title: string; tests: { status: string }[] }[] | undefined;
  suites?: PlaywrightSuite[] | undefined;
}
const PlaywrightSuite: z.ZodType<PlaywrightSuite> = z.object({
  specs: z
    .array(z.object({ title: z.string(), tests: z.array(z.object({ status: z.string() })) }))
    .optional(),
  suites: z.array(z.lazy(() => PlaywrightSuite)).optional(),
});
const PlaywrightReport = z.object({
  stats: z.object({ expected: z.number(), unexpected: z.number(), flaky: z.number(), skipped: z.number() }),
  errors: z.array(z.unknown()),
  suites: z.array(PlaywrightSuite).default([]),
});

/** Counts Playwright's JSON report. */
export function countPlaywright(report: unknown): Tally {
  const { stats, errors, suites } = PlaywrightReport.parse(report);
  return {
    passed: stats.expected + stats.flaky,
    failed: stats.unexpected === 0 && errors.length > 0 ? 1 : stats.unexpected,
    skipped: stats.skipped,
    secondTries: suites.flatMap(flakyTitles),
  };
}

function flakyTitles({ specs = [], suites = [] }: PlaywrightSuite): string[] {
  const own = specs.filter(({ tests }) => tests.some(({ status }) => status === 'flaky'));
  return [...own.map(({ title }) => title), ...suites.flatMap(flakyTitles)];
}

/** Counts Deno's JUnit report. */
export function countJunit(xml: string): Tally {
  const cases = xml.match(/<testcase\b[^>]*\/>|<testcase\b[^>]*>[\s\S]*?<\/testcase>/g) ?? [];
  const failed = cases.filter((text) => /<(failure|error)\b/.test(text)).length;
  const skipped = cases.filter((text) => /<skipped\b/.test(text)).length;
  return { passed: cases.length - failed - skipped, failed, skipped };
}
