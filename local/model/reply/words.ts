/** Keeps its place in the text, so that free text keeps its own spelling. */
export interface Token {
  word: string;
  start: number;
  end: number;
}

const UNITS =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const SCALES: Record<string, number> = { hundred: 100, thousand: 1000, million: 1_000_000 };

/**
 * The words of a text. Spoken numbers become one token each: "twenty five" is `25`.
 *
 * @returns tokens in order; `start` and `end` are offsets in `text`
 */
export function tokenise(text: string): Token[] {
  const raw = [...text.matchAll(/-?\d+(?:\.\d+)?|[\p{L}]+(?:['’][\p{L}]+)*/gu)].map((match) => ({
    word: match[0].toLowerCase().replaceAll('’', "'"),
    start: match.index,
    end: match.index + match[0].length,
  }));
  const tokens: Token[] = [];
  for (let at = 0; at < raw.length;) {
    const number = readNumber(raw, at);
    const first = raw[at];
    const last = raw[at + (number?.length ?? 1) - 1];
    if (!first || !last) break;
    tokens.push({ word: number ? String(number.value) : first.word, start: first.start, end: last.end });
    at += number?.length ?? 1;
  }
  return tokens;
}

/** Such as "two hundred", "twenty five" or "minus three". */
function readNumber(words: { word: string }[], at: number): { value: number; length: number } | undefined {
  const minus = words[at]?.word === 'minus' ? 1 : 0;
  let total = 0; // what stands before "thousand" and "million"
  let part: number | undefined; // what was said since
  let here = at + minus;
  for (; here < words.length; here++) {
    const word = words[here]?.word ?? '';
    const unit = UNITS.indexOf(word);
    const ten = TENS.indexOf(word);
    const scale = SCALES[word];
    if (ten >= 0 && (part === undefined || part % 100 === 0)) part = (part ?? 0) + 20 + 10 * ten;
    else if (unit > 0 && (part === undefined || fits(part, unit))) part = (part ?? 0) + unit;
    else if (unit === 0 && part === undefined && total === 0) part = 0;
    else if (scale === 100 && part !== undefined && part > 0 && part < 100) part *= 100;
    else if (scale && scale > 100 && part) {
      total += part * scale;
      part = undefined;
    } else break;
  }
  if (here === at + minus) return undefined;
  return { value: (minus ? -1 : 1) * (total + (part ?? 0)), length: here - at };
}

function fits(part: number, unit: number): boolean {
  if (part % 100 === 0) return part > 0;
  return unit < 10 && part % 10 === 0 && part % 100 >= 20;
}

/** A whole number from 0 to 999,999 in words; other numbers as digits. */
export function numberInWords(value: number): string {
  if (!Number.isInteger(value) || value < 0 || value >= 1_000_000) return String(value);
  if (value < 20) return UNITS[value] ?? '';
  if (value < 100)
    return [TENS[Math.floor(value / 10) - 2], value % 10 ? UNITS[value % 10] : ''].join(' ').trim();
  const [size, name] = value < 1000 ? [100, 'hundred'] : [1000, 'thousand'];
  const rest = value % size;
  return `${numberInWords(Math.floor(value / size))} ${name}${rest ? ` ${numberInWords(rest)}` : ''}`;
}

/**
 * The words of a tool's or parameter's name: `clock__currentTime` is ["current", "time"].
 * What stands before a double underscore names the server, not the tool.
 */
export function nameWords(name: string): string[] {
  return splitName(name.replace(/^.+?__(?=.)/, ''));
}

/** The words of what stands before the double underscore: the server's name, as far as it is told. */
export function prefixWords(name: string): string[] {
  return splitName(/^(.+?)__./.exec(name)?.[1] ?? '');
}

function splitName(name: string): string[] {
  const parts = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').match(/[A-Za-z]+|\d+/g) ?? [];
  return parts.map((part) => part.toLowerCase());
}

/** The same words as one says them: `base64` is "base sixty four". */
export function inWords(words: string[]): string {
  return words.map((word) => (/^\d+$/.test(word) ? numberInWords(Number(word)) : word)).join(' ');
}

const SMALL = new Set(
  'a an the my me i you your we us it its this that these those please can could would will should do does did is are was be been have has had to of in on at by for from with and or as so if then there here just now some any all into about what which who how when where why up'.split(
    ' ',
  ),
);

/** Words that say nothing about which tool is meant. */
export function isSmallWord(word: string): boolean {
  return SMALL.has(word);
}

/** Verbs of one line are synonyms. */
const VERBS = [
  'show list read get tell fetch display view see give what which retrieve describe',
  'add create new make write save insert put store append remember',
  'remove delete drop erase clear forget',
  'find search look query lookup seek',
  'change update edit set modify rename',
  'run start trigger launch execute begin simulate call',
  'stop end cancel halt',
  'echo say repeat print speak',
  'count many',
  'toggle switch turn flip',
  'convert translate transform change',
  'send post publish submit email mail',
  'open load visit navigate go',
  'close shut',
  'calculate compute work',
  'play', 'draw generate render', 'book reserve order', 'zip gzip compress', 'check test verify validate', 'wait sleep',
].map((line) => new Set(line.split(' '))); // prettier-ignore

/** The groups of verbs that a word belongs to (their numbers); empty for a word that is no known verb. */
export function verbGroups(word: string): number[] {
  return VERBS.flatMap((group, n) => (group.has(word) ? [n] : []));
}

/** Two words that count as the same: equal up to a plural, or verbs that ask for the same. */
export function isSameWord(a: string, b: string): boolean {
  if (singular(a) === singular(b)) return true;
  const groups = verbGroups(a);
  return groups.length > 0 && verbGroups(b).some((group) => groups.includes(group));
}

/** Takes an English plural off. */
export function singular(word: string): string {
  if (word.length > 4 && word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  return word.length > 3 && word.endsWith('s') && !/(ss|us|is)$/.test(word) ? word.slice(0, -1) : word;
}
