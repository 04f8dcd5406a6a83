import { beforeAll, describe, expect, it } from 'vitest';
import { SPEECH_VOICES, type SpeechVoice } from './flite.ts';
import { createGrammar, createHearing, HEARING_RATE_HZ, type Hearing } from './hear.ts';
import { pronounce } from './pronounce.ts';
import { resample } from './resample.ts';
import { speak, speakSentences, SPEECH_RATE_HZ } from './speak.ts';

let hearing: Hearing;
beforeAll(async () => {
  hearing = await createHearing();
});

async function said(text: string, voice: SpeechVoice = 'slt') {
  return resample(await speak(text, { voice }), SPEECH_RATE_HZ, HEARING_RATE_HZ);
}

const grammar = createGrammar([
  [['what time is it in'], ['tokyo', 'paris', 'new york']],
  [['turn'], ['on', 'off'], ['the', ''], ['light', 'radio']],
]);

describe('speaking and hearing', () => {
  it.each(SPEECH_VOICES)('understands the voice %s', async (voice) => {
    for (const text of ['what time is it in tokyo', 'what time is it in new york', 'turn off the radio']) {
      expect(hearing.hear(await said(text, voice), grammar)).toBe(text);
    }
  });

  it('hears a sentence without what may be left out', async () => {
    expect(hearing.hear(await said('turn on light'), grammar)).toBe('turn on light');
  });

  it('hears nothing in silence and in other sentences', async () => {
    expect(hearing.hear(new Int16Array(0), grammar)).toBe('');
    expect(hearing.hear(new Int16Array(16_000), grammar)).toBe('');
    expect(hearing.hear(await said('my name is john and I live in spain'), grammar)).toBe('');
  });

  it('changes between more grammars than it keeps', async () => {
    const color = await said('the red one');
    for (let n = 0; n < 40; n++) hearing.hear(color, createGrammar([[['the red one', 'the blue one']]]));
    expect(hearing.hear(await said('what time is it in paris'), grammar)).toBe('what time is it in paris');
  });
});

describe('words', () => {
  it('are pronounced without a dictionary too', async () => {
    expect(pronounce('kubectl')).toHaveLength(1);
    const tools = createGrammar([[['use'], ['kubectl', 'patchbay']]]);
    expect(tools.skipped).toEqual([]);
    expect(hearing.hear(await said('use patchbay'), tools)).toBe('use patchbay');
  });

  it('that nobody can say are left out, with the reason', () => {
    const { phrases, skipped } = createGrammar([
      [['use'], ['zürich', 'berlin']],
      [['open'], ['日本']],
    ]);
    expect(phrases).toEqual([[['use'], ['berlin']]]);
    expect(skipped).toEqual([
      { word: 'zürich', reason: 'no pronunciation' },
      { word: '日本', reason: 'no pronunciation' },
    ]);
  });
});

describe('speaking', () => {
  it('gives the first sentence of a long text on its own', async () => {
    const story = 'This is first. ' + 'And this goes on and on. '.repeat(40);
    for await (const { text, pcm } of speakSentences(story)) {
      expect(text).toBe('This is first. ');
      expect(pcm.length / SPEECH_RATE_HZ).toBeGreaterThan(0.5);
      expect(pcm.length / SPEECH_RATE_HZ).toBeLessThan(3);
      break;
    }
  });

  it('is silent about what it cannot read', async () => {
    expect(await speak('')).toHaveLength(0);
    expect(await speak('… 日本 !')).toHaveLength(0);
  });
});
