/**
 * Estimates how many tokens of o200k (the encoding of OpenAI's current models) a text has, without its table of
 * 200,000 entries. A text is cut as the encoding cuts it (words with the character before them, up to three digits,
 * runs of punctuation); the weight of a piece by its length was fitted to the tool definitions of real MCP servers.
 */
import { canonicalJson } from './canonical-json.ts';

/**
 * How far below the real count the estimate of a set of tool definitions may be: the real one is at most
 * `estimate * (1 + ESTIMATE_MARGIN)`. Held by token-estimate.test.ts against the real encoding.
 */
export const ESTIMATE_MARGIN = 0.08;

/** Above this share of accented letters a text is not English, whose words alone are one token each. */
const FOREIGN_SHARE = 0.008;

/** Estimated tokens of a text; at least one for each word, number and run of signs in it. */
export function estimateTokens(text: string): number {
  const isForeign = accentedLetters(text) > text.length * FOREIGN_SHARE;
  let tokens = 0;
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at);
    const next = text.charCodeAt(at + 1);
    if (isDigit(code)) {
      const end = endOf(text, at, isDigit);
      tokens += Math.ceil((end - at) / 3);
      at = end;
    } else if (isWordCode(code) || (isSign(code) && isWordCode(next))) {
      // A word takes one sign before it along.
      const start = isWordCode(code) ? at : at + 1;
      const end = endOfWord(text, start);
      tokens += wordWeight(text, start, end, start > at, isForeign);
      at = end;
    } else if (isSign(code)) {
      const end = endOf(text, at, isSign);
      tokens += signsWeight(end - at);
      at = end;
    } else if (code === SPACE && (isWordCode(next) || isSign(next))) {
      // One space belongs to what follows.
      at += 1;
    } else {
      const end = endOf(text, at, isBlank);
      tokens += 1;
      at = end - at > 1 && text.charCodeAt(end - 1) === SPACE ? end - 1 : end;
    }
  }
  return Math.ceil(tokens);
}

/**
 * Estimated tokens of a tool's definition, counted as its compact JSON. The same for any order of its keys: the
 * database gives them back in an order of its own.
 */
export function estimateToolTokens(tool: {
  name: string;
  description: string;
  parameters: Record<string, unknown>;
}): number {
  const { name, description, parameters } = tool;
  return estimateTokens(canonicalJson({ name, description, parameters }));
}

const SPACE = 32;

const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isUpper = (code: number): boolean => code >= 65 && code <= 90;
const isLower = (code: number): boolean => code >= 97 && code <= 122;
/** A letter, or anything outside ASCII. */
const isWordCode = (code: number): boolean => isUpper(code) || isLower(code) || code >= 0x80;
/** Spaces, line ends and control characters. */
const isBlank = (code: number): boolean => code <= SPACE;
const isSign = (code: number): boolean =>
  code > SPACE && code < 0x80 && !isDigit(code) && !isUpper(code) && !isLower(code);

function endOf(text: string, start: number, belongs: (code: number) => boolean): number {
  let end = start + 1;
  while (end < text.length && belongs(text.charCodeAt(end))) end += 1;
  return end;
}

/** `parseHTMLPage` is three words for the encoding: `parse`, `HTMLPage` is cut only before the next capital. */
function endOfWord(text: string, start: number): number {
  let end = start;
  while (end < text.length && isUpper(text.charCodeAt(end))) end += 1;
  while (end < text.length) {
    const code = text.charCodeAt(end);
    if (!isLower(code) && code < 0x80) break;
    end += 1;
  }
  return end;
}

function wordWeight(
  text: string,
  start: number,
  end: number,
  followsSign: boolean,
  isForeign: boolean,
): number {
  let outside = 0;
  let ascii = 0;
  for (let at = start; at < end; at += 1) {
    const code = text.codePointAt(at) ?? 0;
    if (code < 0x80) ascii += 1;
    else outside += weightOutsideAscii(code);
    if (code > 0xffff) at += 1;
  }
  if (outside > 0) return Math.max(1, outside + ascii * 0.38);
  const beyond = Math.max(0, ascii - 9) * 0.06 + Math.max(0, ascii - 13) * 0.2;
  if (ascii > 2 && isUpper(text.charCodeAt(end - 1))) return 1 + (ascii - 2) * 0.25;
  if (isForeign && ascii > 3) return Math.max(1, ascii / 2.9);
  if (followsSign) return 1 + Math.max(0, Math.min(ascii, 9) - 3) * 0.14 + beyond * 1.5;
  return 1.01 + Math.max(0, Math.min(ascii, 9) - 5) * 0.015 + beyond;
}

/** `":{"` and the like are one token, longer runs are not. */
function signsWeight(length: number): number {
  return length <= 3 ? 1 : 1.25 + (length - 4) * 0.75;
}

/** Tokens for each character, by the script that it is likely to be of; first code point of each range. */
const WEIGHTS: readonly (readonly [from: number, weight: number])[] = [
  [0x80, 0.45], // Latin, Greek, Cyrillic
  [0x530, 0.4], // Armenian, Hebrew, Arabic
  [0x700, 1.1],
  [0x900, 0.42], // scripts of India, Thai
  [0xe80, 1.1],
  [0x10a0, 0.4], // Georgian
  [0x1100, 1.9],
  [0x1e00, 0.45], // Vietnamese, old Greek
  [0x2000, 1], // punctuation and signs
  [0x2c00, 1.9],
  [0x3000, 1], // punctuation of East Asia
  [0x3040, 0.7], // Kana
  [0x3100, 1], // Chinese characters
  [0xa000, 1.9],
  [0xac00, 0.65], // Hangul
  [0xd7b0, 1.9],
  [0xfe00, 1],
  [0x10000, 2.2], // emoji, rare characters
];

function weightOutsideAscii(code: number): number {
  let found = 1;
  for (const [from, weight] of WEIGHTS) {
    if (code < from) break;
    found = weight;
  }
  return found;
}

function accentedLetters(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 0xc0 && code < 0x250) count += 1;
  }
  return count;
}
