import { beforeAll, describe, expect, it } from 'vitest';
import { createHearing, HEARING_RATE_HZ, type Hearing } from '../../speech/hear.ts';
import { resample } from '../../speech/resample.ts';
import { speak, SPEECH_RATE_HZ } from '../../speech/speak.ts';
import { hearableFrom } from './grammar.ts';
import { decideReply } from './reply.ts';
import { currentTime, deleteNotes, listNotes, sampleTools, tool } from '../sample-tools.ts';

describe('sentences', () => {
  it('are made from names and schemas', () => {
    expect(hearableFrom(sampleTools, []).sentences).toEqual([
      'what time is it in tokyo',
      'tell me the time difference from tokyo to london',
      'add a note buy milk',
      'list the notes',
      'what is the sum of three and five',
      'run the countdown for ten seconds',
      'tell me a long story',
      'tell me a story',
      'what can you do',
    ]);
  });

  it('exclude tools whose effect cannot be undone', () => {
    const { grammar, sentences } = hearableFrom([deleteNotes], []);
    expect([...grammar.phrases.flat(2), ...sentences].some((words) => words.includes('delete'))).toBe(false);
  });

  it('do not include removed tools', () => {
    expect(hearableFrom([listNotes], [currentTime]).sentences[0]).toBe('list the notes');
    expect(hearableFrom([listNotes], [currentTime]).sentences).not.toContain('what time is it in tokyo');
  });

  it('can be built for unusual tools', () => {
    const odd = [
      tool('x', ''),
      tool('日本', ''),
      tool('7', '', { 'ü-1': { type: 'string', enum: ['ä', 'b'] }, n: { type: 'integer', minimum: 500 } }),
      { type: 'function' as const, name: 'no_parameters' },
    ];
    const { grammar, sentences } = hearableFrom(odd, []);
    expect(grammar.phrases.every((slots) => slots.every((words) => words.length > 0))).toBe(true);
    expect(sentences).toContain('run the no parameters');
  });
});

describe('speech recognition', () => {
  const heardTools = sampleTools.filter((one) => one !== deleteNotes);
  let hearing: Hearing;
  beforeAll(async () => {
    hearing = await createHearing();
  });

  const hearable = hearableFrom(sampleTools, []);
  const heard = async (text: string) =>
    hearing.hear(resample(await speak(text), SPEECH_RATE_HZ, HEARING_RATE_HZ), hearable.grammar);

  it('recognizes every sentence word by word', async () => {
    for (const sentence of hearable.sentences) expect(await heard(sentence)).toBe(sentence);
  });

  it('matches every sentence of a tool to that tool and its arguments', () => {
    const calls = hearable.sentences.slice(0, heardTools.length).flatMap((text) =>
      decideReply({
        items: [{ id: 'u', object: 'realtime.item', status: 'completed', type: 'message', role: 'user', content: [{ type: 'input_audio', transcript: text }] }],
        tools: sampleTools,
        formerTools: [],
        sessionInstructions: '',
        toolChoice: 'auto',
        sentences: [],
        reasons: false,
        callsInParallel: false,
      }),
    ); // prettier-ignore
    const args = [
      { city: 'Tokyo' },
      { from: 'Tokyo', to: 'London' },
      { text: 'buy milk' },
      {},
      { a: 3, b: 5 },
      { seconds: 10 },
    ];
    expect(calls).toEqual(heardTools.map(({ name }, n) => ({ kind: 'call', name, args: args[n] })));
  });

  it('still recognizes the sentence of a removed tool', async () => {
    const { grammar } = hearableFrom([listNotes], [currentTime]);
    const pcm = resample(await speak('what time is it in Paris'), SPEECH_RATE_HZ, HEARING_RATE_HZ);
    expect(hearing.hear(pcm, grammar)).toBe('what time is it in paris');
  });
});
