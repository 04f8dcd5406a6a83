import { expect, it } from 'vitest';
import { judge, type ScenarioEnd } from './judge.ts';

const end = (scenario: string, isPassed: boolean): ScenarioEnd => ({
  scenario,
  isPassed,
  checks: isPassed ? { passed: 2, failed: 0 } : { passed: 1, failed: 1 },
});

it('counts each scenario as a test; what fails as expected is no failure', () => {
  const { tally, lines } = judge([end('one', true), end('two', false)], { two: 'for a reason' });
  expect(tally).toEqual({ passed: 2, failed: 0, skipped: 0 });
  expect(lines).toEqual([
    '  ok   one (2 of 2 checks)',
    '  ok   two (1 of 2 checks) fails as expected: for a reason',
  ]);
});

it('fails for a scenario that fails, for one that passes against expectation, and for one that is not there', () => {
  const ends = [end('fails', false), end('passes', true)];
  const { tally, lines } = judge(ends, { passes: 'once', gone: 'once' });
  expect(tally).toEqual({ passed: 0, failed: 3, skipped: 0 });
  expect(lines.join()).toContain('take it off');
  expect(lines.join()).toContain('no scenario of the suite');
});
