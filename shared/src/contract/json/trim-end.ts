/**
 * A text without the characters at its end. A regular expression such as `/=+$/` takes time that grows with the square
 * of a run of these characters elsewhere in the text.
 */
export function trimEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
