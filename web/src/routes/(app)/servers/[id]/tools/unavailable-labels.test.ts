import { expect, it } from 'vitest';
import { overLimitWords, skippedLine, skippedWords } from './unavailable-labels.ts';

it('says how many tools a too long list has, and how many are available', () => {
  expect(overLimitWords(1_000, 83)).toBe('The server lists 1,083 tools. The first 1,000 are available.');
  expect(overLimitWords(1_000, 0)).toBe('');
});

it('names skipped tools, also one without a name', () => {
  expect(skippedWords(1)).toBe("1 tool can't be used");
  expect(skippedWords(2)).toBe("2 tools can't be used");
  expect(skippedLine({ name: '', reason: 'The tool has no name.' })).toBe(
    'Unnamed tool: The tool has no name.',
  );
});
