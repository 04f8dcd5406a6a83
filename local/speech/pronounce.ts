// Words to phones of the CMU set without stress marks: the dictionary first, then the synthesiser's own rules,
// so that a tool called "kubectl" can be spoken about.
import { dictionary } from 'cmu-pronouncing-dictionary';
import { flitePhones } from './flite.ts';

const guessed = new Map<string, string[]>();

/**
 * How a word is said. The first time a word is not in the dictionary takes about 15 ms.
 *
 * @param word one lower-case word
 * @returns one or more pronunciations (phones with blanks between), or an empty list when the word has a
 *   character that is no letter of the English alphabet
 */
export function pronounce(word: string): string[] {
  const known: string[] = [];
  for (let n = 1; ; n++) {
    const entry = n === 1 ? word : `${word}(${n})`;
    const phones = Object.hasOwn(dictionary, entry) ? dictionary[entry] : undefined;
    if (!phones) break;
    known.push(phones.replace(/\d/g, ''));
  }
  if (known.length > 0) return known;
  if (!/^[a-z']+$/.test(word)) return [];
  const before = guessed.get(word);
  if (before) return before;
  const phones = flitePhones(word).join(' ');
  guessed.set(word, phones ? [phones] : []);
  return guessed.get(word) ?? [];
}
