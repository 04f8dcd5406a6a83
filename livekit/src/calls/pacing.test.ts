import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Pace, expectedVoiceDelayMs, nextSign, updateAfterMs, usualMs } from './pacing.ts';

const begun: Pace = {
  elapsedMs: 0,
  silentMs: 0,
  isFloorFree: true,
  usualMs: null,
  signsGiven: 0,
  isAnnounced: false,
  voiceDelayMs: 400,
};
const at = (elapsedMs: number, rest: Partial<Pace> = {}): Pace => ({
  ...begun,
  elapsedMs,
  silentMs: elapsedMs,
  ...rest,
});

describe('the next sign of life', () => {
  it.each<[string, Pace, ReturnType<typeof nextSign>]>([
    ['waits first, with a tool that is new', begun, { waitMs: 650 }],
    ['waits first, with a tool that is fast', at(0, { usualMs: 300 }), { waitMs: 650 }],
    ['leaves room for words of the model', at(0, { usualMs: 3_000 }), { waitMs: 150 }],
    ['comes early, with a tool that is slow', at(150, { usualMs: 3_000 }), { sign: 'announce' }],
    [
      'lets the user go on early, with one that is very slow',
      at(150, { usualMs: 20_000 }),
      { sign: 'handover' },
    ],
    ['comes so early that it is heard in time', at(650), { sign: 'wait' }],
    ['comes earlier when the voice takes longer', at(200, { voiceDelayMs: 1_000 }), { sign: 'wait' }],
    [
      'counts from when the agent was last heard',
      at(3_000, { silentMs: 600, signsGiven: 1 }),
      { waitMs: 50 },
    ],
    ['tells that it is still at work', at(4_000, { silentMs: 1_000, signsGiven: 1 }), { sign: 'still' }],
    ['ends in letting the user go on', at(7_000, { silentMs: 1_000, signsGiven: 2 }), { sign: 'handover' }],
    ['does not speak over anybody', at(9_000, { isFloorFree: false }), { waitMs: 1_500 }],
    [
      'adds no announcement to the words that a model said before its call',
      at(800, { silentMs: 100, usualMs: 3_000, isAnnounced: true }),
      { waitMs: 2_050 },
    ],
    [
      'skips the first words after a call that the model announced, and begins with the next ones',
      at(3_000, { silentMs: 2_150, isAnnounced: true }),
      { sign: 'still' },
    ],
    [
      'comes as often as ever after that',
      at(5_000, { silentMs: 600, signsGiven: 1, isAnnounced: true }),
      { waitMs: 50 },
    ],
    [
      'lets the user go on soon, when the model announced a call that is very slow',
      at(900, { silentMs: 650, usualMs: 20_000, isAnnounced: true }),
      { sign: 'handover' },
    ],
  ])('%s', (_story, pace, step) => {
    expect(nextSign(pace)).toEqual(step);
  });

  it('never leaves more than 1.5 s of silence, or 3 s after words of the model, however voice and call behave', () => {
    const lengths = fc.record({
      isAnnounced: fc.boolean(),
      callMs: fc.integer({ min: 0, max: 20_000 }),
      usualMs: fc.option(fc.integer({ min: 0, max: 20_000 })),
      voiceDelayMs: fc.integer({ min: 0, max: 1_000 }),
      sentenceMs: fc.integer({ min: 300, max: 4_000 }),
    });
    fc.assert(
      fc.property(lengths, ({ isAnnounced, callMs, usualMs: usual, voiceDelayMs, sentenceMs }) => {
        let nowMs = 0;
        let heardAtMs = 0;
        for (let signsGiven = 0; nowMs < callMs;) {
          const pace = { elapsedMs: nowMs, silentMs: nowMs - heardAtMs, isFloorFree: true };
          const step = nextSign({ ...pace, usualMs: usual, voiceDelayMs, signsGiven, isAnnounced });
          if ('waitMs' in step) {
            expect(step.waitMs).toBeGreaterThan(0);
            nowMs += step.waitMs;
            continue;
          }
          const limitMs = isAnnounced && signsGiven === 0 ? 3_000 : 1_500;
          expect(nowMs + voiceDelayMs - heardAtMs).toBeLessThanOrEqual(limitMs);
          if (step.sign === 'handover') return;
          nowMs += voiceDelayMs + sentenceMs;
          heardAtMs = nowMs;
          signsGiven += 1;
        }
      }),
    );
  });
});

it('gives updates less and less often', () => {
  expect([0, 1, 2].map(updateAfterMs)).toEqual([15_000, 30_000, 60_000]);
});

it('takes the middle of the last five calls as usual', () => {
  expect(usualMs([])).toBe(null);
  expect(usualMs([9_000])).toBe(9_000);
  expect(usualMs([50, 60, 9_000])).toBe(60);
  expect(usualMs([9_000, 9_000, 9_000, 10, 10, 10, 20, 20])).toBe(10);
});

it('expects the worst recent delay of the voice, within reason', () => {
  expect(expectedVoiceDelayMs([])).toBe(500);
  expect(expectedVoiceDelayMs([120, 300, 200])).toBe(300);
  expect(expectedVoiceDelayMs([9_000])).toBe(1_000);
});
