/**
 * Splits text where a voice would pause: after sentences, and very long ones after a comma or a word.
 * @param longest longest piece in characters
 * @returns pieces that add up to the text
 */
export function splitSentences(text: string, longest = 180): string[] {
  const pieces: string[] = [];
  for (const sentence of text.match(/[^]+?(?:[.!?]+["')\]]*(?=\s|$)\s*|\n+\s*|$)/g) ?? []) {
    let rest = sentence;
    while (rest.length > longest) {
      const head = rest.slice(0, longest);
      const comma = head.search(/[,;:]\s[^,;:]*$/);
      const blank = head.lastIndexOf(' ');
      const cut = comma > longest / 3 ? comma + 2 : blank > 0 ? blank + 1 : longest;
      pieces.push(rest.slice(0, cut));
      rest = rest.slice(cut);
    }
    if (rest) pieces.push(rest);
  }
  return pieces;
}
