import { describe, expect, it } from 'vitest';
import { hasContentForUser, readResult, shownResult } from './result.ts';

it('names content that cannot be spoken', () => {
  const { text, isError, truncated } = readResult({
    content: [
      { type: 'text', text: 'Two files:' },
      { type: 'image', data: 'AAAA', mimeType: 'image/png' },
      { type: 'audio', data: 'AAAA', mimeType: 'audio/wav' },
      { type: 'resource_link', uri: 'file:///a.txt', name: 'a.txt' },
      { type: 'resource', resource: { uri: 'file:///b.txt', text: 'inside b' } },
      { type: 'resource', resource: { uri: 'file:///c.bin', blob: 'AAAA' } },
    ],
  });
  expect(text.split('\n')).toEqual([
    'Two files:',
    '[picture, image/png]',
    '[sound, audio/wav]',
    '[link: a.txt, file:///a.txt]',
    'inside b',
    '[file: file:///c.bin, 3 bytes]',
  ]);
  expect(isError).toBe(false);
  expect(truncated).toBe(false);
});

it('falls back to structured content if there is no other content', () => {
  const result = readResult({ content: [], structuredContent: { temperature: 21 } });
  expect(result.speech).toBe('{"temperature":21}');
  expect(result.structured).toEqual({ temperature: 21 });
});

it('has a default text for an empty result', () => {
  expect(readResult({ content: [] }).speech).toMatch(/finished/);
  expect(readResult({ content: [], isError: true })).toMatchObject({
    isError: true,
    speech: expect.stringMatching(/failed/) as string,
  });
});

it('truncates long results with a notice, the spoken one sooner than the displayed one', () => {
  const result = readResult({ content: [{ type: 'text', text: 'x'.repeat(10_000) }] });
  expect(result.text).toHaveLength(10_000);
  expect(result.speech.length).toBeLessThan(2_100);
  expect(result.speech).toMatch(/cut here: 8000 more characters/);
  expect(result.truncated).toBe(true);
});

it('cuts between words, and never through a character', () => {
  const speechOf = (text: string) => readResult({ content: [{ type: 'text', text }] }).speech.split('\n')[0];
  expect(speechOf('seven12 '.repeat(1_000))).toMatch(/^(seven12 )+seven12$/);
  expect(speechOf(`x${'😀'.repeat(2_000)}`)).toMatch(/^x(😀)+$/u);
});

describe('structured content beside text', () => {
  const read = (texts: string[], structuredContent: Record<string, unknown>) =>
    readResult({ content: texts.map((text) => ({ type: 'text', text })), structuredContent });

  it('reaches the model with it when they differ, and the user in the details', () => {
    const result = read(['done'], { rows: [{ n: 42 }] });
    expect(result.speech).toBe('done\n{"rows":[{"n":42}]}');
    expect(result.text).toBe('done');
    expect(shownResult(result)).toBe('done\n{"rows":[{"n":42}]}');
  });

  it.each<[string, string[], Record<string, unknown>]>([
    ['as JSON', ['{ "a": 1,\n "b": [2] }'], { b: [2], a: 1 }],
    ['as the only text', ['fine'], { result: 'fine' }],
    ['as a number', ['7'], { result: 7 }],
    ['as one text for each element', ['{"a":1}', '{"a":2}'], { result: [{ a: 1 }, { a: 2 }] }],
    ['among other texts', ['Two rows:', '{"a":1}'], { a: 1 }],
  ])('is not sent twice when the text says it %s', (_how, texts, structured) => {
    const result = read(texts, structured);
    expect(result.speech).toBe(texts.join('\n'));
    expect(shownResult(result)).toBe(texts.join('\n'));
  });

  it('shares the room with it when both are long', () => {
    const result = read(['word '.repeat(1_000)], { list: Array.from({ length: 1_000 }, (_, n) => n) });
    expect(result.speech).toMatch(/^(word )+word\n\[The result was cut here: .*\n\{"list":\[0,1,2,/s);
    expect(result.speech.length).toBeLessThan(2_200);
    expect(result.truncated).toBe(true);
  });

  it('is found where it was set aside because it is no object', () => {
    const result = readResult({ content: [], _meta: { 'patchbay/raw-structured-content': [1, 2] } });
    expect(result).toMatchObject({ structured: [1, 2], speech: '[1,2]' });
    const words = readResult({ content: [], _meta: { 'patchbay/raw-structured-content': 'Words.' } });
    expect(words.speech).toBe('Words.');
  });
});

describe('content for one of the two', () => {
  const forUser = {
    type: 'text' as const,
    text: 'for the user',
    annotations: { audience: ['user' as const] },
  };
  const forModel = {
    type: 'text' as const,
    text: 'for the model',
    annotations: { audience: ['assistant' as const] },
  };
  const forBoth = {
    type: 'text' as const,
    text: 'fine',
    annotations: { audience: ['user' as const, 'assistant' as const] },
  };

  it('reaches only that one', () => {
    const result = readResult({ content: [forUser, forModel, forBoth] });
    expect(result.speech).toBe('for the model\nfine');
    expect(result.text).toBe('for the user\nfine');
    expect(hasContentForUser(result.raw)).toBe(true);
    expect(hasContentForUser({ content: [forModel, forBoth] })).toBe(false);
  });

  it('leaves the other one with a sentence', () => {
    expect(readResult({ content: [forUser] }).speech).toMatch(/shown to the user on the page/);
    expect(readResult({ content: [forUser], isError: true }).speech).toMatch(/failed; the reason is shown/);
    expect(readResult({ content: [forModel] }).text).toBe('The tool responded to the agent only.');
  });
});

it('sends no base64 to the model, wherever it stands', () => {
  const png = `iVBORw0KGgo${'A'.repeat(3_000)}`;
  const { speech, text } = readResult({
    content: [
      { type: 'text', text: `data:image/png;base64,${png}` },
      { type: 'text', text: png },
      { type: 'resource_link', uri: `data:image/png;base64,${png}`, name: 'x' },
      { type: 'resource', resource: { uri: '', text: png } },
      { type: 'resource', resource: { uri: 'a', blob: btoa('plain text'), mimeType: 'text/plain' } },
      { type: 'resource', resource: { uri: 'c', blob: png.slice(0, 400) } },
      { type: 'resource', resource: { uri: 'b', blob: png.slice(0, 400), mimeType: 'application/pdf' } },
    ],
    structuredContent: { image_base64: png, nested: [{ data: 'A'.repeat(400) }] },
  });
  expect(text.split('\n')).toEqual([
    '[image/png, 2 KB]',
    '[image/png, 2 KB]',
    '[link: x, [image/png, 2 KB]]',
    '[image/png, 2 KB]',
    'plain text',
    '[file: c, image/png, 300 bytes]',
    '[file: b, application/pdf, 300 bytes]',
  ]);
  expect(speech).toBe(
    `${text}\n{"image_base64":"[image/png, 2 KB]","nested":[{"data":"[binary data, 300 bytes]"}]}`,
  );
});

it('keeps the most important blocks of an answer that is cut', () => {
  const block = (word: string, priority: number) => ({
    type: 'text' as const,
    text: `${word} `.repeat(300).trim(),
    annotations: { priority },
  });
  const { speech } = readResult({ content: [block('least', 0), block('middle', 0.5), block('most', 1)] });
  expect(speech).toMatch(/^most most .*most\nmiddle .*cut here/s);
  expect(speech).not.toContain('least');
  const short = readResult({
    content: [block('a', 0), block('b', 1)].map((one) => ({ ...one, text: one.text[0] ?? '' })),
  });
  expect(short.speech).toBe('a\nb');
});
