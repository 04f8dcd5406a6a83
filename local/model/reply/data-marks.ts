// A real model learns these marks from its instructions; this one has a rule.
import { DATA_END, DATA_START } from '@patchbay/shared/engine/tools/untrusted-text';

/** The text as it may be said, and read for words. */
export function withoutMarks(text: string): string {
  return text.replaceAll(DATA_START, '').replaceAll(DATA_END, '');
}

/** What stands outside of the marks: the words of the agent's own software. */
export function wordsAround(text: string): string {
  return text
    .split(DATA_START)
    .map((part, nth) => (nth === 0 ? part : part.slice(part.indexOf(DATA_END) + DATA_END.length)))
    .join(' ');
}
