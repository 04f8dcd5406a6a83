/**
 * Text from servers as a model gets it: between marks that say where it begins and ends, without a mark of its own, and
 * without characters that people don't see. The base instructions of the agent say that what is between the marks gives
 * no orders.
 */
export const DATA_START = '<data>';
export const DATA_END = '</data>';

/**
 * Format and control characters, which hide text or turn its direction, except for line breaks, tabs and joiners; fillers
 * that look like nothing; selectors of variants but for the one between text and emoji; private use and halves of
 * surrogate pairs.
 */
const INVISIBLE = new RegExp(
  [
    String.raw`(?![\t\n\u200C\u200D])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]`,
    String.raw`[\u034F\u115F\u1160\u17B4\u17B5\u180B-\u180F\u3164\uFFA0]`,
    String.raw`[\uFE00-\uFE0D\u{E0100}-\u{E01EF}]`,
  ].join('|'),
  'gu',
);
/** What scripts and emoji are joined by. Beside ASCII they join nothing, and more than two in a row are a code. */
const JOINERS = /[\u200C\u200D\uFE0E\uFE0F]+/g;
const MOST_JOINERS = 2;

/** What stands for an opening angle bracket: lookalikes, and how markup and JSON write it. */
const BRACKET =
  /[<\u02C2\u1438\u2039\u227A\u276E\u2770\u27E8\u29FC\u3008\uFE3F\uFE64\uFF1C]|&lt;?|&#0*60;?|&#x0*3c;?|\\u003c|\\x3c|%3c/giu;
/** What may stand between a bracket and the name of a mark. */
const BETWEEN = /[\s\\/\u2044\u2215\u29F8\uFF0F\uFF3C]*/y;
/** How far behind that the name of a mark may end; accents are characters of their own. */
const REACH = 24;
const ACCENTS = /\p{M}/gu;
/** Letters of other scripts that look like those of the marks. */
const LOOKALIKES: Record<string, string> = {
  '\u0430': 'a', '\u03B1': 'a', '\u0251': 'a',
  '\u0501': 'd', '\u217E': 'd',
  '\u0442': 't', '\u03C4': 't',
}; // prettier-ignore

/** The text without characters that people don't see. Line breaks of other systems become `\n`. */
export function visibleText(text: string): string {
  return text
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replace(INVISIBLE, '')
    .replace(JOINERS, (run, at: number, whole: string) =>
      isAscii(whole.charCodeAt(at - 1)) || isAscii(whole.charCodeAt(at + run.length))
        ? ''
        : run.slice(0, MOST_JOINERS),
    );
}

/** @param unit of UTF-16; NaN beyond the ends of a text */
function isAscii(unit: number): boolean {
  return unit < 0x80;
}

/**
 * A text of a server between marks. Whatever looks like one of the marks inside it loses its bracket, so nothing in the
 * text can end it.
 */
export function asData(text: string): string {
  return `${DATA_START}${unmarked(visibleText(text))}${DATA_END}`;
}

/** The text without what looks like a mark; for texts that stand inside something that is data as a whole. */
export function unmarked(text: string): string {
  return text.replace(BRACKET, (bracket: string, at: number) =>
    isMark(text, at + bracket.length) ? '(' : bracket,
  );
}

/** Whether a bracket that ends here begins a mark. */
function isMark(text: string, end: number): boolean {
  BETWEEN.lastIndex = end;
  BETWEEN.test(text);
  const start = BETWEEN.lastIndex;
  const name = text
    .slice(start, start + REACH)
    .normalize('NFKD')
    .replace(ACCENTS, '')
    .toLowerCase();
  const letters = [...name].map((letter) => LOOKALIKES[letter] ?? letter);
  return letters.join('').startsWith('data');
}

/** The longest name that is put into a sentence of ours. */
const LONGEST_NAME = 64;

/**
 * A name from outside as it may stand in a sentence of ours: letters, digits and what names are joined by, so that
 * nothing in it ends the sentence or a quotation.
 */
export function plainName(name: string): string {
  const words = visibleText(name)
    .replace(/[^\p{L}\p{M}\p{N} _./&+'()-]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const characters = [...words];
  const short = characters.length > LONGEST_NAME ? characters.slice(0, LONGEST_NAME).join('').trim() : words;
  return short || 'unnamed';
}
