// Words missing in the dictionary use the synthesizer's rules, so that a tool called "kubectl" is understood.
import { dictionary } from 'cmu-pronouncing-dictionary';
import { flitePhones } from './flite.ts';

const guessed = new Map<string, string[]>();

/**
 * Returns the pronunciations of a word. The first call for a word that isn't in the dictionary takes about 15 ms.
 * @param word one lowercase word
 * @returns phones separated by spaces, or an empty list if the word has a character outside the English alphabet
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
