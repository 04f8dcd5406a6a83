import { expect, test } from 'vitest';
import { parseTap } from './tap.ts';

test('reads the plan, results and what pgTAP says below a failure', () => {
  const report = parseTap([
    '1..3',
    'ok 1 - a user sees the own workspace',
    'not ok 2 - and no other\n# Failed test 2: "and no other"\n#         have: 2\n#         want: 1',
    'ok 3 - later # SKIP not here',
    '# Looks like you failed 1 test of 3',
  ]);
  expect(report.planned).toBe(3);
  expect(report.results.map(({ ok, skipped }) => [ok, skipped])).toEqual([
    [true, false],
    [false, false],
    [true, true],
  ]);
  expect(report.results[1]).toMatchObject({
    description: 'and no other',
    diagnostics: ['Failed test 2: "and no other"', '        have: 2', '        want: 1'],
  });
});

test('a failure that is still to do is no failure', () => {
  expect(parseTap(['not ok 1 - later # TODO write it']).results).toMatchObject([{ ok: true, skipped: true }]);
});

test('ignores what a test selects for itself', () => {
  expect(parseTap(['aaaaaaaa-0000-4000-8000-000000000001', 'okay', ''])).toEqual({
    planned: null,
    results: [],
  });
});
