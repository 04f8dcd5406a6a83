import { describe, expect, it } from 'vitest';
import { countJunit, countPlaywright, countVitest, lastLine, sum, withExitCode } from './tally.ts';

const result = (status: string, failureMessages: string[] = []) => ({
  status,
  fullName: `a ${status} one`,
  failureMessages,
});

describe('the tally of a test run', () => {
  it('counts tests, and files that failed before their first test', () => {
    const report = {
      testResults: [
        { status: 'passed', assertionResults: [result('passed'), result('skipped'), result('todo')] },
        { status: 'failed', assertionResults: [result('failed'), result('passed')] },
        { status: 'failed', assertionResults: [] },
      ],
    };
    expect(countVitest(report)).toEqual({ passed: 2, failed: 2, skipped: 2, secondTries: [] });
  });

  it('names the tests that passed only on the second try', () => {
    const assertionResults = [result('passed', ['AssertionError']), result('passed')];
    const vitest = countVitest({ testResults: [{ status: 'passed', assertionResults }] });
    const stats = { expected: 1, unexpected: 0, flaky: 1, skipped: 0 };
    const specs = [
      { title: 'shaky', tests: [{ status: 'flaky' }] },
      { title: 'firm', tests: [{ status: 'expected' }] },
    ];
    const browser = countPlaywright({ stats, errors: [], suites: [{ suites: [{ specs }] }] });
    expect(sum([vitest, browser])).toEqual({
      passed: 4,
      failed: 0,
      skipped: 0,
      secondTries: ['a passed one', 'shaky'],
    });
  });

  it('counts Playwright tests, and an error outside of any test', () => {
    const stats = { expected: 4, unexpected: 1, flaky: 0, skipped: 2 };
    expect(countPlaywright({ stats, errors: [] })).toMatchObject({ passed: 4, failed: 1, skipped: 2 });
    const none = { expected: 0, unexpected: 0, flaky: 0, skipped: 0 };
    expect(countPlaywright({ stats: none, errors: [{ message: 'no tests' }] }).failed).toBe(1);
  });

  it("counts Deno's JUnit report", () => {
    const xml = `<testsuites tests="3"><testsuite name="a">
      <testcase name="one" classname="a" time="0.1"></testcase>
      <testcase name="two" classname="a"><failure message="Uncaught">no</failure></testcase>
      <testcase name="three" classname="a"><skipped/></testcase>
      <testcase name="four"/>
    </testsuite></testsuites>`;
    expect(countJunit(xml)).toEqual({ passed: 2, failed: 1, skipped: 1 });
  });

  it('counts a non-zero exit code as a failure', () => {
    expect(withExitCode({ passed: 3, failed: 0, skipped: 0 }, 1).failed).toBe(1);
    expect(withExitCode({ passed: 3, failed: 2, skipped: 0 }, 1).failed).toBe(2);
    expect(withExitCode({ passed: 3, failed: 0, skipped: 0 }, null).failed).toBe(1);
    expect(withExitCode({ passed: 3, failed: 0, skipped: 0 }, 0).failed).toBe(0);
  });

  it('formats the last line for programs', () => {
    const total = sum([
      { passed: 1, failed: 0, skipped: 2 },
      { passed: 10, failed: 1, skipped: 0 },
    ]);
    expect(lastLine(total)).toBe('11 passed, 1 failed, 2 skipped');
  });
});
