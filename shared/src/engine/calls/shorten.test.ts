import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shorten } from './shorten.ts';

const graphemes = (text: string) => [...new Intl.Segmenter('en').segment(text)].map(({ segment }) => segment);

describe('shorten', () => {
  it('leaves a text that is short enough', () => {
    expect(shorten('Lists orders. Newest first.', 27)).toBe('Lists orders. Newest first.');
  });

  it('cuts at the end of a sentence, and marks the cut', () => {
    const text = 'Lists orders of version 2.1, e.g. open ones. The newest come first. Needs a key.';
    expect(shorten(text, 70)).toBe('Lists orders of version 2.1, e.g. open ones. The newest come first. …');
    expect(shorten(text, 60)).toBe('Lists orders of version 2.1, e.g. open ones. …');
  });

  it('knows the sentences of other languages, and paragraphs', () => {
    expect(shorten('返回订单列表。按日期排序。需要密钥。', 15)).toBe('返回订单列表。按日期排序。 …');
    expect(shorten('Lists orders\n\nThe newest come first', 20)).toBe('Lists orders …');
  });

  it('cuts between words when no sentence ends in its second half', () => {
    expect(shorten('No. This one goes on and on without an end', 20)).toBe('No. This one goes…');
  });

  it('cuts a single long word between characters as people see them', () => {
    expect(shorten(`${'x'.repeat(7)}👩‍👩‍👧‍👦${'y'.repeat(20)}`, 12)).toBe('xxxxxxx…');
  });

  it('keeps to the limit and gives a beginning of the text that ends in no half of a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 30, maxLength: 400 }), (text) => {
        const short = shorten(text, 100);
        expect(short.length).toBeLessThanOrEqual(100);
        if (short === text) return;
        const kept = short.replace(/ ?…$/, '');
        expect(text.startsWith(kept)).toBe(true);
        const parts = graphemes(kept);
        expect(graphemes(text).slice(0, parts.length)).toEqual(parts);
      }),
    );
  });
});
