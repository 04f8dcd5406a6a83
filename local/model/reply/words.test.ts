import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameWord, nameWords, numberInWords, prefixWords, tokenise } from './words.ts';

const wordsOf = (text: string) => tokenise(text).map((token) => token.word);

describe('words', () => {
  it('takes names apart and leaves the server out', () => {
    expect(nameWords('clock__currentTime')).toEqual(['current', 'time']);
    expect(nameWords('get-annotated_message2')).toEqual(['get', 'annotated', 'message', '2']);
    expect(prefixWords('my_clock__now')).toEqual(['my', 'clock']);
    expect(nameWords('__init__')).toEqual(['init']);
  });

  it('reads every whole number back from its words', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999 }), (number) => {
        expect(wordsOf(numberInWords(number))).toEqual([String(number)]);
      }),
    );
  });

  it('keeps numbers that stand side by side apart', () => {
    expect(wordsOf('add three five and twenty one')).toEqual(['add', '3', '5', 'and', '21']);
    expect(wordsOf('from -4 to 2.5')).toEqual(['from', '-4', 'to', '2.5']);
    expect(wordsOf('minus two')).toEqual(['-2']);
  });

  it('keeps the place of each word in the text', () => {
    const text = 'Add  “Käse”, twenty five';
    expect(tokenise(text).map(({ start, end }) => text.slice(start, end))).toEqual([
      'Add',
      'Käse',
      'twenty five',
    ]);
  });

  it('takes plurals and verbs that ask for the same as equal', () => {
    expect(isSameWord('notes', 'note')).toBe(true);
    expect(isSameWord('cities', 'city')).toBe(true);
    expect(isSameWord('create', 'add')).toBe(true);
    expect(isSameWord('add', 'delete')).toBe(false);
    expect(isSameWord('class', 'clas')).toBe(false);
  });
});
