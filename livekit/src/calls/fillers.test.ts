import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Filler,
  type Pace,
  expectedVoiceDelayMs,
  fillerDue,
  updateAfterMs,
  usualMs,
} from './fillers.ts';

const begun: Pace = {
  elapsedMs: 0,
  silentMs: 0,
  canSpeak: true,
  usualMs: null,
  fillersGiven: 0,
  isAnnounced: false,
  voiceDelayMs: 400,
};
const at = (elapsedMs: number, rest: Partial<Pace> = {}): Pace => ({
  ...begun,
  elapsedMs,
  silentMs: elapsedMs,
  ...rest,
});

function nextFiller(pace: Pace): [filler: Filler, afterMs: number] | null {
  for (let afterMs = 0; afterMs <= 10_000; afterMs += 1) {
    const later = { elapsedMs: pace.elapsedMs + afterMs, silentMs: pace.silentMs + afterMs };
    const filler = fillerDue({ ...pace, ...later });
    if (filler) return [filler, afterMs];
  }
  return null;
}

describe('fillerDue', () => {
  it.each<[string, Pace, ReturnType<typeof nextFiller>]>([
    ['waits 650 ms with a tool that is new', begun, ['wait', 650]],
    ['waits 650 ms with a tool that is usually fast', at(0, { usualMs: 300 }), ['wait', 650]],
    ['leaves the model 150 ms to announce a slow call itself', at(0, { usualMs: 3_000 }), ['announce', 150]],
    ['announces a slow tool early', at(150, { usualMs: 3_000 }), ['announce', 0]],
    ['hands a very slow tool off early', at(150, { usualMs: 20_000 }), ['handoff', 0]],
    ['speaks so early that the filler is heard in time', at(650), ['wait', 0]],
    ['speaks earlier when the voice takes longer', at(200, { voiceDelayMs: 1_000 }), ['wait', 0]],
    [
      'counts the silence from when the agent was last heard',
      at(3_000, { silentMs: 600, fillersGiven: 1 }),
      ['still', 50],
    ],
    [
      'says that the agent is still at work after a second silence',
      at(4_000, { silentMs: 1_000, fillersGiven: 1 }),
      ['still', 0],
    ],
    [
      'hands a call off that has become very slow',
      at(7_000, { silentMs: 1_000, fillersGiven: 2 }),
      ['handoff', 0],
    ],
    ['says nothing while somebody else speaks', at(9_000, { canSpeak: false }), null],
    [
      'adds no announcement to a preamble of the model',
      at(800, { silentMs: 100, usualMs: 3_000, isAnnounced: true }),
      ['still', 2_050],
    ],
    [
      'skips the first filler after a preamble and begins with the next one',
      at(3_000, { silentMs: 2_150, isAnnounced: true }),
      ['still', 0],
    ],
    [
      'keeps the usual pace after the first filler that follows a preamble',
      at(5_000, { silentMs: 600, fillersGiven: 1, isAnnounced: true }),
      ['still', 50],
    ],
    [
      'hands a very slow call off soon after a preamble',
      at(900, { silentMs: 650, usualMs: 20_000, isAnnounced: true }),
      ['handoff', 0],
    ],
  ])('%s', (_title, pace, filler) => {
    expect(nextFiller(pace)).toEqual(filler);
  });

  it('leaves at most 1.5 s of silence, and 3 s after a preamble, however voice and call behave', () => {
    const pollMs = 50;
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
        for (let fillersGiven = 0; nowMs < callMs;) {
          const pace = { elapsedMs: nowMs, silentMs: nowMs - heardAtMs, canSpeak: true };
          const filler = fillerDue({ ...pace, usualMs: usual, voiceDelayMs, fillersGiven, isAnnounced });
          const limitMs = isAnnounced && fillersGiven === 0 ? 3_000 : 1_500;
          expect(nowMs + voiceDelayMs - heardAtMs).toBeLessThanOrEqual(limitMs);
          if (!filler) {
            nowMs += pollMs;
            continue;
          }
          if (filler === 'handoff') return;
          nowMs += voiceDelayMs + sentenceMs;
          heardAtMs = nowMs;
          fillersGiven += 1;
        }
      }),
    );
  });
});

describe('updateAfterMs', () => {
  it('doubles the wait before each update', () => {
    expect([0, 1, 2].map(updateAfterMs)).toEqual([15_000, 30_000, 60_000]);
  });
});

describe('usualMs', () => {
  it('is the median of the last five calls', () => {
    expect(usualMs([])).toBe(null);
    expect(usualMs([9_000])).toBe(9_000);
    expect(usualMs([50, 60, 9_000])).toBe(60);
    expect(usualMs([9_000, 9_000, 9_000, 10, 10, 10, 20, 20])).toBe(10);
  });
});

describe('expectedVoiceDelayMs', () => {
  it('is the worst recent delay, one second at most', () => {
    expect(expectedVoiceDelayMs([])).toBe(500);
    expect(expectedVoiceDelayMs([120, 300, 200])).toBe(300);
    expect(expectedVoiceDelayMs([9_000])).toBe(1_000);
  });
});
