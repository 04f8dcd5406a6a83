import { expect, it } from 'vitest';
import { describeOverLimit, skippedLine, describeSkipped } from './unavailable-labels.ts';

it('says how many tools a too long list has, and how many are available', () => {
  expect(describeOverLimit(1_000, 83)).toBe('The server lists 1,083 tools. The first 1,000 are available.');
  expect(describeOverLimit(1_000, 0)).toBe('');
});

it('names skipped tools, also one without a name', () => {
  expect(describeSkipped(1)).toBe("1 tool can't be used");
  expect(describeSkipped(2)).toBe("2 tools can't be used");
  expect(skippedLine({ name: '', reason: 'The tool has no name.' })).toBe(
    'Unnamed tool: The tool has no name.',
  );
});
