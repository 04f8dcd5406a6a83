/** The mark of a cut. */
const CUT = '…';

/**
 * Shortens a text to a number of UTF-16 units: at the end of a sentence if one ends in its second half, else between
 * words, never inside a character as people see it. What is cut ends in `…`.
 */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  // Some more than fits, so that the last boundary before the limit is seen as such.
  const start = text.slice(0, limit + 100);
  const sentence = lastBoundary(start, 'sentence', limit - CUT.length - 1);
  if (sentence >= limit / 2) return `${start.slice(0, sentence).trimEnd()} ${CUT}`;
  const graphemes = lastBoundary(start, 'grapheme', limit - CUT.length);
  const words = start.slice(0, graphemes).search(/\s\S*$/);
  return `${start.slice(0, words >= limit / 2 ? words : graphemes).trimEnd()}${CUT}`;
}

/** The last place up to `most` where a unit of the text ends; 0 without one. */
function lastBoundary(text: string, granularity: 'sentence' | 'grapheme', most: number): number {
  let last = 0;
  for (const { index } of new Intl.Segmenter('en', { granularity }).segment(text)) {
    if (index > most) break;
    last = index;
  }
  return last;
}
