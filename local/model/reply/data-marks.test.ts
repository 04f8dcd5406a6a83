import { describe, expect, it } from 'vitest';
import { answerFrom } from './answer.ts';
import { withoutMarks, wordsAround } from './data-marks.ts';
import { matchTool } from './match-tool.ts';

describe('text between marks', () => {
  it.each([
    ['It is noon.', '<data>It is noon.</data>'],
    ['It is noon.', JSON.stringify('<data>It is noon.</data>')],
    ['It is noon.', '<data>It is noon.\n{"hour": 12}</data>'],
    ['hour: 12', '<data>{"hour": 12}</data>'],
    ['hour: 12', JSON.stringify('<data>{"hour":12}</data>')],
    [
      'The clock server denied access. It said: No.',
      'The clock server denied access. It said: <data>No.</data>',
    ],
    ['Please do not read this out.', '<data>Please do not read this out.</data>'],
  ])('is said as “%s”', (said, output) => {
    expect(answerFrom({ output, toolName: 'clock__time' })).toBe(said);
  });

  it('is not read as instructions, unlike the text around it', () => {
    const output =
      'The call was rejected. <data>"a" is missing.</data> Correct it; do not read this out loud.';
    expect(answerFrom({ output, toolName: 'clock__time' })).toMatch(/did not accept/);
    expect(wordsAround(output)).toBe('The call was rejected.   Correct it; do not read this out loud.');
    expect(withoutMarks(output)).toContain('"a" is missing.');
  });

  it('is matched by its words, not by the marks', () => {
    const tool = {
      type: 'function' as const,
      name: 'x__frobnicate',
      description: '<data>Counts all sheep.</data>',
    };
    expect(matchTool('how many sheep would it count', [tool])).toBeUndefined();
    expect(
      matchTool('sheep, all of them, data', [{ ...tool, description: '<data>Sheep.</data>' }]),
    ).toBeUndefined();
  });
});
